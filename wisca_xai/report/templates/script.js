"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }
  function draw(tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }
  function labelled(text, control) {
    return make("label", {}, text + " ", control);
  }
  function chooser(options, change) {
    const select = make("select", {});
    options.forEach(([value, text]) => select.append(make("option", { value }, text)));
    select.addEventListener("change", () => change(select.value));
    return select;
  }
  function short(number) {
    if (!Number.isFinite(number)) return "";
    const text = Number(number.toPrecision(3));
    return Math.abs(number) >= 1000 && Math.abs(number) < 1e15 ? String(Math.round(number)) : String(text);
  }

  // Attributions: explainer e, row i, feature j, class k.
  const nRows = data.weights.length, nFeatures = data.features.length, nClasses = Math.max(1, data.classes.length);
  for (const one of data.explainers) {
    const bytes = Uint8Array.from(atob(one.values.codes), (c) => c.charCodeAt(0));
    one.numbers = new DataView(bytes.buffer);
    one.on = true;
  }
  for (const column of data.columns || []) {
    if (!column.floats) continue;
    const view = new DataView(Uint8Array.from(atob(column.floats), (c) => c.charCodeAt(0)).buffer);
    column.numbers = Array.from({ length: nRows }, (_, i) => {
      const number = view.getFloat32(4 * i, true);
      return Number.isFinite(number) ? Number(number.toPrecision(6)) : null;
    });
  }
  function half(bits) {  // a float of 16 bits
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, part = bits & 1023;
    return sign * (exponent ? (1 + part / 1024) * 2 ** (exponent - 15) : part * 2 ** -24);
  }
  const valueOf = (one, i, j, k) =>
    half(one.numbers.getUint16(2 * ((i * nFeatures + j) * nClasses + k), true)) * one.values.unit;
  let chosenClass = nClasses - 1;

  function cellText(i, j) {
    if (!data.columns) return "";
    const column = data.columns[j];
    if (column.texts) return column.texts[i];
    if (column.levels) return column.levels[column.codes[i]];
    return column.numbers[i] === null ? "missing" : String(column.numbers[i]);
  }

  // The page: theme and class.
  function pageControls() {
    const controls = byId("page-controls");
    const theme = chooser([["", "as the system"], ["light", "light"], ["dark", "dark"]], (value) => {
      if (value) root.setAttribute("data-theme", value);
      else root.removeAttribute("data-theme");
    });
    theme.id = "theme";
    controls.append(labelled("Colours", theme));
    if (nClasses > 1) {
      const classes = chooser(data.classes.map((name, k) => [k, name]), (value) => {
        chosenClass = Number(value);
        redraw();
      });
      classes.id = "class";
      classes.value = chosenClass;
      controls.append(labelled("Class in features and rows", classes));
    }
    controls.hidden = false;
  }

  // Tables: sort by a column.
  function sortable(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    [...body.rows].forEach((row, place) => { row.dataset.place = place; });
    heads.forEach((head, position) => {
      const kind = head.dataset.sort;
      if (!kind) return;
      const button = make("button", { type: "button" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== (kind === "number" ? "descending" : "ascending");
        const rising = kind === "number" ? !down : down;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", rising ? "ascending" : "descending");
        const keyOf = (row) => {
          if (kind === "place") return Number(row.dataset.place);
          const cell = row.cells[position], text = cell.textContent;
          if (kind === "text") return text;
          const number = Number(cell.dataset.value === undefined ? text || NaN : cell.dataset.value);
          return Number.isNaN(number) ? -Infinity : number;
        };
        const rows = [...body.rows].map((row) => [keyOf(row), Number(row.dataset.place), row]);
        const order = (a, b) => (kind === "text" ? a.localeCompare(b, undefined, { numeric: true }) : a - b || 0);
        rows.sort((a, b) => (rising ? 1 : -1) * order(a[0], b[0]) || a[1] - b[1]);
        body.append(...rows.map((row) => row[2]));
      });
    });
  }

  // Ranking: search, and explainers on and off.
  function rankingControls() {
    const table = byId("ranking-table"), controls = byId("ranking-controls");
    sortable(table);
    const search = make("input", { type: "search", id: "search" });
    const count = make("span", { class: "small", role: "status", id: "search-count" });
    controls.after(make("p", { class: "small", id: "ranking-state" }, count, make("span", { id: "of-class" })));
    search.addEventListener("input", () => {
      const wanted = search.value.trim().toLowerCase();
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        row.hidden = !row.cells[1].textContent.toLowerCase().includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      const twin = byId("by-class");
      for (const row of twin ? twin.tBodies[0].rows : []) {
        row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
      }
      count.textContent = wanted ? `${shown} of ${table.tBodies[0].rows.length} features` : "";  // also on paper
    });
    controls.append(labelled("Search", search));
    const legend = document.querySelector("#ranking .legend");
    const names = [...legend.children].map((item) => item.textContent.trim());
    controls.append(make("span", {}, "Show"));
    names.forEach((name, i) => {
      const box = make("input", { type: "checkbox", "data-explainer": i });
      box.checked = true;
      box.addEventListener("change", () => {
        for (const one of table.querySelectorAll(`[data-e="${i}"]`)) one.toggleAttribute("hidden", !box.checked);
        for (const one of data.explainers) if (one.place === i) one.on = box.checked;
        redraw();
      });
      controls.append(make("label", {}, box, " " + name));
    });
    classesOfRanking(table, controls);
    controls.hidden = false;
  }
  // The bars of one class stand where those of all classes do, without marks and intervals.
  function classesOfRanking(table, controls) {
    if (!data.by_class.length) return;
    const lines = [...table.tBodies[0].rows].map((row) => {
      const bar = row.querySelector(".bar"), [direction, number] = [row.cells[2], row.cells[4]];
      const whole = [bar.getAttribute("x"), bar.getAttribute("width"), direction.textContent, number.textContent, number.dataset.value];
      return { j: Number(row.dataset.feature), bar, direction, number, whole };
    });
    const options = [["", "all classes"], ...data.by_class.map((one, k) => [k, one.label])];
    const select = chooser(options, (value) => {
      const one = value === "" ? null : data.by_class[value];
      table.classList.toggle("of-class", one !== null);
      byId("of-class").textContent = one ? ` Shown is the importance for ${one.label} alone, without intervals.` : "";
      for (const line of lines) {
        const { j } = line;
        const [x, width, direction, text, number] = one
          ? [one.bars[j][0], one.bars[j][1], one.directions[j], one.importances[j], one.values[j]] : line.whole;
        line.bar.setAttribute("x", x);
        line.bar.setAttribute("width", width);
        line.bar.ownerSVGElement.setAttribute("aria-label", `Importance ${text}`);
        line.direction.textContent = direction;
        line.number.textContent = text;
        line.number.dataset.value = number;
      }
      const sorted = one ? (line) => -Math.abs(one.values[line.j]) : (_, place) => place;
      const order = lines.map((line, place) => [sorted(line, place), place, line]);
      order.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      table.tBodies[0].append(...order.map((entry) => entry[2].bar.closest("tr")));
      for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
    });
    select.id = "ranking-class";
    controls.append(labelled("Importance for", select));
  }

  function figure(title, width, height, description) {
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": description });
    return [make("figure", {}, make("figcaption", {}, title), svg), svg];
  }
  const shownExplainers = () => data.explainers.filter((one) => one.on);

  // Features: values against attributions, for each explainer.
  let chosenFeature = 0;
  function featureControls() {
    const view = byId("feature-view");
    if (!view || !data.explainers.length) return;
    const order = [...byId("ranking-table").tBodies[0].rows].map((row) => Number(row.dataset.feature));
    chosenFeature = order[0];
    const select = chooser(order.map((j) => [j, data.features[j]]), (value) => {
      chosenFeature = Number(value);
      drawFeature();
    });
    select.id = "feature";
    view.append(make("div", { class: "controls" }, labelled("Feature", select)));
    view.append(make("div", { class: "pictures panels", id: "feature-panels" }));
    view.hidden = false;
    const pictures = byId("feature-pictures");
    if (pictures) pictures.before(make("h3", {}, "The most important features"));
    drawFeature();
  }
  function placesOf(j, width) {
    const edge = 12, column = data.columns ? data.columns[j] : null;
    const beside = (i) => ((i * 0.61803) % 1) - 0.5;
    if (!column) return [Array.from({ length: nRows }, (_, i) => width / 2 + beside(i) * (width - 2 * edge)), ["rows side by side", ""]];
    if (column.levels) {
      const shown = Math.min(column.levels.length, 12), step = (width - 2 * edge) / shown;
      const x = column.codes.map((code, i) => (code < shown ? edge + (code + 0.5 + 0.6 * beside(i)) * step : NaN));
      const ends = column.levels.slice(0, shown).map((text) => (text.length > 14 ? text.slice(0, 13) + "…" : text));
      if (shown < column.levels.length) ends.push(`${column.levels.length - shown} more not shown`);
      return [x, ends];
    }
    const known = column.numbers.filter((n) => n !== null);
    const low = known.reduce((a, b) => Math.min(a, b), Infinity), high = known.reduce((a, b) => Math.max(a, b), -Infinity);
    const x = column.numbers.map((n) => (n === null ? NaN : edge + ((n - low) / (high - low || 1)) * (width - 2 * edge)));
    const textOf = (n) => (column.texts ? column.texts[column.numbers.indexOf(n)] : String(n));
    return [x, known.length ? [textOf(low), textOf(high)] : ["missing", ""]];
  }
  function drawFeature() {
    const panels = byId("feature-panels");
    if (!panels) return;
    const width = 330, height = 210, edge = 14, j = chosenFeature, k = chosenClass;
    const [x, ends] = placesOf(j, width);
    panels.replaceChildren();
    for (const one of shownExplainers()) {
      let low = 0, high = 0;
      const y = new Float64Array(nRows);
      for (let i = 0; i < nRows; i++) {
        y[i] = valueOf(one, i, j, k) * (data.signs ? data.signs[i] : 1);
        low = Math.min(low, y[i]);
        high = Math.max(high, y[i]);
      }
      const place = (v) => height - edge - ((v - low) / (high - low || 1)) * (height - 2 * edge);
      const unit = one.unit ? ` (${one.unit})` : "";
      const [box, svg] = figure(one.name + unit, width, height,
        `${data.features[j]} against the attributions of ${one.name}, from ${short(low)} to ${short(high)}`);
      svg.append(draw("path", { class: "zero", d: `M0 ${place(0)}H${width}` }));
      const paths = ["", "", ""];
      for (let i = 0; i < nRows; i++) {
        if (Number.isNaN(x[i])) continue;
        const level = one === data.explainers[0] ? Math.min(2, Math.floor(3 * data.weights[i])) : 1;
        paths[level] += `M${x[i].toFixed(1)} ${place(y[i]).toFixed(1)}h0`;
      }
      paths.forEach((d, level) => {
        if (d) svg.append(draw("path", { class: "points", d, opacity: [0.25, 0.55, 0.9][level] }));
      });
      svg.append(draw("text", { x: 4, y: 13 }, short(high)), draw("text", { x: 4, y: height - 4 }, short(low)));
      box.append(make("div", { class: "ends" }, ...ends.map((text) => make("span", {}, text))));
      panels.append(box);
    }
  }

  // Rows: values, and a waterfall of each explainer.
  let chosenRow = 0;
  function rowControls() {
    const view = byId("row-view"), table = byId("rows-table");
    if (!view || !table || !data.explainers.length) return;
    const lines = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
    const column = (name) => heads.findIndex((text) => text.startsWith(name));
    const numberIn = (row, name) => Number(row.cells[column(name)].dataset.value);
    const labels = lines.map((row) => row.cells[0].textContent);
    sortable(table);
    const select = make("select", { id: "row" });
    const orders = {
      table: lines.map((_, i) => i),
      disagreement: lines.map((_, i) => i).sort((a, b) => numberIn(lines[b], "disagreement") - numberIn(lines[a], "disagreement")),
      weight: lines.map((_, i) => i).sort((a, b) => numberIn(lines[b], "weight") - numberIn(lines[a], "weight")),
    };
    const names = [["table", "as in the table"], ["disagreement", "largest disagreement first"], ["weight", "largest weight first"]];
    for (const [judged, text] of [["right?", "wrong ones first"], ["error", "largest error first"]]) {
      if (column(judged) < 0) continue;
      orders[judged] = lines.map((_, i) => i).sort((a, b) => numberIn(lines[b], judged) - numberIn(lines[a], judged));
      names.push([judged, text]);
    }
    function fill(name) {
      select.replaceChildren(...orders[name].map((i) => make("option", { value: i }, labels[i])));
      select.value = chosenRow;
    }
    function choose(i) {
      lines[chosenRow].classList.remove("chosen");
      chosenRow = i;
      lines[i].classList.add("chosen");
      select.value = i;
      drawRow();
    }
    const order = chooser(names, (name) => {
      fill(name);
      choose(orders[name][0]);
    });
    order.id = "row-order";
    select.addEventListener("change", () => choose(Number(select.value)));
    view.append(make("div", { class: "controls" }, labelled("Order", order), labelled("Row", select)));
    view.append(make("h3", { id: "row-title" }), make("p", { id: "row-facts" }));
    view.append(make("div", { class: "pictures panels", id: "row-panels" }), make("div", { class: "wide", id: "row-values" }));
    view.hidden = false;
    lines.forEach((row, i) => {
      const button = make("button", { type: "button", "aria-label": `Show row ${labels[i]}` }, labels[i]);
      row.cells[0].replaceChildren(button);
      button.addEventListener("click", () => { choose(i); byId("row-title").scrollIntoView({ block: "start" }); });
    });
    fill("table");
    choose(0);
  }
  function drawRow() {
    const panels = byId("row-panels");
    if (!panels) return;
    panels.replaceChildren();
    const table = byId("rows-table"), line = table.querySelector("tr.chosen");
    const label = line.querySelector("th").textContent;
    const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
    const facts = [...line.cells].slice(1).filter((cell) => !cell.classList.contains("reasons"));
    byId("row-title").textContent = `Row ${label}`;
    const texts = facts.map((cell) => `${heads[cell.cellIndex]}: ${cell.textContent}`);
    const own = heads.indexOf("class");  // with all classes, the column is that of the likeliest
    const output = nClasses > 1 ? data.classes[chosenClass] : own < 0 ? "a higher output" : line.cells[own].textContent;
    byId("row-facts").textContent = `${texts.join(" · ")}. Bars with + speak for ${output}. Pictures of one unit have one scale.`;
    const steps = shownExplainers().map((one) => stepsOf(one, chosenRow));
    const spans = {};
    for (const one of steps) spans[one.unit] = Math.max(spans[one.unit] || 0, one.high - one.low);
    for (const one of steps) panels.append(waterfall(one, spans[one.unit] || 1, label));
    rowValues(label);
  }
  function stepsOf(one, i) {
    const most = 10;
    const all = data.features.map((_, j) => [valueOf(one, i, j, chosenClass), j]);
    all.sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]) || a[1] - b[1]);
    const bars = all.slice(0, most).map(([v, j]) => [v, data.features[j]]);
    const rest = all.slice(most);
    const adds = one.base !== null, base = adds ? one.base[i][chosenClass] || 0 : 0;
    const output = adds ? one.outputs[i][chosenClass] : 0;
    if (rest.length && adds) bars.push([rest.reduce((sum, one) => sum + one[0], 0), `${rest.length} other features`]);
    const ends = [];
    let sum = base, low = base, high = base;
    for (const [v] of bars) {
      const from = adds ? sum : 0, to = adds ? sum + v : v;
      ends.push([from, to]);
      if (adds) sum = to;
      low = Math.min(low, from, to);
      high = Math.max(high, from, to);
    }
    return { name: one.name, unit: one.unit, bars, ends, rest, adds, base, output, low, high };
  }
  function waterfall(one, span, label) {
    const step = 24, width = 400, names = 165, edge = 56;
    const { bars, ends, rest, adds, base, output, low } = one;
    const place = (v) => names + edge + ((v - low) / span) * (width - names - 2 * edge);
    const height = step * bars.length + 8;
    const unit = one.unit ? ` (${one.unit})` : "";
    const words = adds ? `: from the base value ${short(base)} to the output ${short(output)}` : "";
    const [box, svg] = figure(`${one.name}${unit}${words}`, width, height, `Attributions of ${one.name} for row ${label}${words}`);
    svg.append(draw("path", { class: "zero", d: `M${place(adds ? base : 0)} 0V${height}` }));
    bars.forEach(([v, name], place_) => {
      const [from, to] = ends[place_].map(place), y = 4 + place_ * step;
      const kind = v >= 0 ? "up" : "down";
      svg.append(draw("rect", { class: kind, x: Math.min(from, to), y, width: Math.max(1, Math.abs(to - from)), height: step - 6 }));
      const right = Math.max(from, to);
      svg.append(draw("text", { x: right + 3, y: y + 13 }, (v >= 0 ? "+" : "−") + short(Math.abs(v))));
      const text = name.length > 24 ? name.slice(0, 12) + "…" + name.slice(-11) : name;
      const length = [...text].reduce((sum, c) => sum + (c > "\u2e80" ? 12.5 : c >= "A" && c <= "Z" ? 9.5 : 7), 0);
      const fitted = length > names - 12 ? { textLength: names - 12, lengthAdjust: "spacingAndGlyphs" } : {};
      svg.append(draw("text", { x: names - 6, y: y + 13, "text-anchor": "end", ...fitted }, text));
    });
    if (rest.length && !adds) box.append(make("div", { class: "small" }, `${rest.length} smaller ones are not shown`));
    return box;
  }
  function rowValues(label) {
    const wide = byId("row-values");
    const shown = shownExplainers();
    const order = data.features.map((_, j) => j);
    const size = (j) => (shown.length ? Math.abs(valueOf(shown[0], chosenRow, j, chosenClass)) : 0);
    order.sort((a, b) => size(b) - size(a) || a - b);
    const table = make("table", {}, make("caption", { class: "hidden" }, `Values and attributions of row ${label}`));
    const head = make("tr", {}, make("th", { scope: "col" }, "feature"));
    if (data.columns) head.append(make("th", { scope: "col" }, "value"));
    shown.forEach((one) => head.append(make("th", { scope: "col" }, one.name + (one.unit ? ` (${one.unit})` : ""))));
    table.append(make("thead", {}, head));
    const body = make("tbody", {});
    for (const j of order.slice(0, 30)) {
      const line = make("tr", {}, make("th", { scope: "row" }, data.features[j]));
      if (data.columns) line.append(make("td", {}, cellText(chosenRow, j)));
      shown.forEach((one) => line.append(make("td", {}, short(valueOf(one, chosenRow, j, chosenClass)))));
      body.append(line);
    }
    table.append(body);
    wide.replaceChildren(table);
    wide.setAttribute("tabindex", "0");
    wide.setAttribute("role", "region");
    wide.setAttribute("aria-label", `Values and attributions of row ${label}`);
    if (order.length > 30) wide.append(make("p", { class: "small" }, `30 of ${order.length} features are shown, those with the largest attributions.`));
  }

  function redraw() {
    drawFeature();
    drawRow();
  }
  pageControls();
  rankingControls();
  featureControls();
  rowControls();
})();
