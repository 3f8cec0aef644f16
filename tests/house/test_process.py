"""State of the process: what a thread changes is neither seen nor kept by another one."""

import pickle
import threading
import warnings

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from wisca_xai import WISCAWarning
from wisca_xai._compat import _set_threads, one_blas_thread
from wisca_xai._process import kept_random_state, shared_warnings, silenced, warn


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def give(message="of a library", category=FutureWarning):
    warnings.warn(message, category, stacklevel=1)


def give_of_another():
    give("of another thread")


def in_silence(*works, category=Warning):
    with silenced(category):
        for work in works:
            work()


def test_silence_holds_for_its_thread_alone():
    with pytest.warns(FutureWarning, match="of another thread") as given:
        in_silence(lambda: give("of this thread"), lambda: in_thread(give_of_another))
    assert len(given) == 1


def test_silence_of_a_category_lets_the_others_pass():
    with pytest.warns(FutureWarning, match="of a library") as given:
        in_silence(lambda: give("silenced", WISCAWarning), give, category=WISCAWarning)
    assert len(given) == 1


def test_silence_comes_before_filters_that_the_user_set_later():
    with silenced():
        warnings.simplefilter("error")
        with silenced(WISCAWarning), silenced():
            give()
            give("silenced", WISCAWarning)
    with pytest.raises(FutureWarning, match="of a library"):
        give()


def test_the_list_of_filters_is_the_same_object_with_the_same_entries():
    before, entries = warnings.filters, list(warnings.filters)
    with silenced(), silenced(WISCAWarning):
        assert warnings.filters != entries
    assert warnings.filters is before
    assert warnings.filters == entries


def test_a_copy_of_the_filters_that_outlives_the_silence_silences_nothing():
    """As scikit-learn sends filters to its workers: by pattern, or pickled."""
    with silenced():
        entry = warnings.filters[0]
        copied = pickle.loads(pickle.dumps(entry[1]))
        assert copied.pattern == entry[1].pattern
        assert not copied.match("any text")
    warnings.filters[:0] = [entry, ("ignore", copied, Warning, None, 0)]
    with pytest.raises(FutureWarning, match="of a library"):
        give()


@pytest.mark.parametrize("within", [True, False], ids=["one left open", "ends in between"])
def test_blocks_of_two_threads_that_overlap_leave_the_users_filters(within):
    """The filters of one block were what the other put back, for good."""
    before, entries = warnings.filters, list(warnings.filters)
    first, second = warnings.catch_warnings(), warnings.catch_warnings()
    with shared_warnings():
        first.__enter__()
        warnings.simplefilter("ignore")
        second.__enter__()
        first.__exit__()
        if within:
            second.__exit__()  # puts back what ignores all
            assert warnings.filters != entries
    assert warnings.filters is before
    assert warnings.filters == entries


def test_the_users_own_block_that_ends_during_a_call_stays_ended():
    before = warnings.filters
    users = warnings.catch_warnings()
    users.__enter__()
    warnings.simplefilter("ignore")
    with shared_warnings():
        users.__exit__()
    assert warnings.filters is before
    with pytest.warns(FutureWarning, match="of a library"):
        give()


def test_our_warnings_are_given_while_a_library_ignores_all():

    def call():
        with shared_warnings(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            filters = warnings.filters
            warn("an explainer failed", WISCAWarning)
            assert warnings.filters is filters

    with pytest.warns(WISCAWarning, match="an explainer failed"):
        call()


def state():
    return repr(np.random.get_state(legacy=False))  # noqa: NPY002


def test_the_generator_is_as_before_the_first_of_the_calls_that_overlap():
    before = state()
    first, second = kept_random_state(), kept_random_state()
    first.__enter__()
    np.random.seed(1)  # noqa: NPY002
    second.__enter__()
    first.__exit__(None, None, None)
    np.random.seed(2)  # noqa: NPY002
    second.__exit__(None, None, None)
    assert state() == before


def blas_threads():
    return [part["num_threads"] for part in threadpool_info() if part["user_api"] == "blas"]


def test_the_number_of_blas_threads_is_restored_by_another_thread_than_set_it():
    """threadpoolctl ignores all threads but the first, as long as that one lives."""
    before = blas_threads()
    entered, left = threading.Event(), threading.Event()
    first = one_blas_thread()

    def keep_the_limit():
        first.__enter__()
        entered.set()
        left.wait(10)

    thread = threading.Thread(target=keep_the_limit)
    thread.start()
    entered.wait(10)
    last = one_blas_thread()
    last.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == [1] * len(before)
    last.__exit__(None, None, None)
    left.set()
    thread.join()
    assert blas_threads() == before


def test_a_limit_that_the_user_holds_in_another_thread_does_not_stop_ours():
    entered, left = threading.Event(), threading.Event()

    def hold():
        with threadpool_limits(2, user_api="blas"):
            entered.set()
            left.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(10)
    during = blas_threads()
    with one_blas_thread():
        inside = blas_threads()
    after = blas_threads()
    left.set()
    thread.join()
    assert inside == [1] * len(during)
    assert after == during


class OnOpenMP:
    """Stands for a BLAS on OpenMP, which has a number of threads for each calling thread."""

    threading_layer, filepath, user_api = "openmp", "libopenblas_omp.so", "blas"

    def __init__(self):
        self.here = threading.local()

    def get_num_threads(self):
        return getattr(self.here, "n", 4)

    def set_num_threads(self, n):
        self.here.n = n


def test_blas_on_openmp_is_limited_and_restored_in_each_thread(monkeypatch):
    library = OnOpenMP()

    class Controller:
        lib_controllers = (library,)

        def select(self, **wanted):
            return self

    monkeypatch.setattr("wisca_xai._compat.numeric_libraries", Controller)
    found = {}

    def work():
        library.set_num_threads(3)
        with one_blas_thread():
            found["inside"] = library.get_num_threads()
        found["after"] = library.get_num_threads()

    with one_blas_thread():
        in_thread(work)
        assert library.get_num_threads() == 1
    assert library.get_num_threads() == 4
    assert found == {"inside": 1, "after": 3}


def test_threads_can_be_set_whatever_the_version_of_threadpoolctl():
    (library, *_) = ThreadpoolController().select(user_api="blas").lib_controllers
    before = library.get_num_threads()
    _set_threads(library, 1)
    assert library.get_num_threads() == 1
    _set_threads(library, before)
    assert library.get_num_threads() == before
