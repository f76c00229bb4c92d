"use strict";
/* What the page of a trace says of one step. What comes from the traced program is only ever set as text, never as
   markup. */

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/* Numbers */

function show(number, digits = 4) {
  if (typeof number === "string") return number === "nan" ? "NaN" : number;
  const size = Math.abs(number);
  if (number === 0 || (Number.isInteger(number) && size < 1e6)) return String(number);
  return size >= 1e-3 && size < 1e5 ? String(Number(number.toPrecision(digits))) : number.toExponential(2);
}

function shapeText(shape) {
  return "(" + shape.join(", ") + (shape.length === 1 ? ",)" : ")");
}

function tint(share) {
  const colour = getComputedStyle(document.documentElement).getPropertyValue(share > 0 ? "--plus" : "--minus");
  return `rgba(${colour}, ${(Math.abs(share) * 0.62).toFixed(3)})`;
}

function figures(array) {
  const parts = [];
  if (array.figures) {
    const [norm, mean, least, greatest] = array.figures.map((figure) => show(figure, 3));
    const which = array.nan || array.inf ? "of the finite: " : "";
    parts.push(`${which}norm ${norm}`, `${least} … ${greatest}`, `mean ${mean}`);
  }
  if (array.zeros) parts.push(array.zeros === 1 ? "1 zero" : `${array.zeros} zeros`);
  if (array.nan) parts.push(`${array.nan} NaN`);
  if (array.inf) parts.push(`${array.inf} infinite`);
  return parts.join(" · ");
}

function numbersTable(rows, scale, more) {
  const table = element("table");
  for (const row of rows) {
    const line = table.insertRow();
    for (const number of row) {
      const cell = line.insertCell();
      cell.textContent = show(number);
      cell.dataset.value = number;
      if (typeof number === "string") cell.className = "bad";
      else if (scale > 0 && number !== 0) cell.style.background = tint(number / scale);
    }
    if (more.columns) Object.assign(line.insertCell(), { textContent: "…", className: "more" });
  }
  if (more.rows) Object.assign(table.insertRow().insertCell(), { textContent: "⋮", className: "more" });
  return table;
}

/* Cells are as large as fits a card; a narrow picture stands beside the corner, a wide one below it. */
function heat(array, label) {
  const rows = array.picture.split(" ");
  const fit = (room, count) => Math.max(3, Math.min(14, Math.floor(room / count)));
  const width = fit(264, rows[0].length);
  const height = fit(84, rows.length);
  const canvas = element("canvas");
  canvas.width = rows[0].length * width;
  canvas.height = rows.length * height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Heat picture of ${label} ${shapeText(array.shape)}: ${figures(array)}`);
  canvas.title = "blue below zero, orange above";
  const ink = canvas.getContext("2d");
  const bad = getComputedStyle(document.documentElement).getPropertyValue("--bad");
  rows.forEach((row, down) => [...row].forEach((letter, across) => {
    ink.fillStyle = letter === "N" || letter === "I" ? bad : tint((letter.charCodeAt(0) - 109) / 12);
    ink.fillRect(across * width, down * height, width, height);
  }));
  return canvas;
}

function arrayView(number, label) {
  const array = data.arrays[number];
  const view = element("div", undefined, "array");
  view.dataset.name = label;
  const head = element("div");
  head.append(element("code", label), ` ${shapeText(array.shape)} ${array.dtype || "float32"}`);
  view.append(head);
  if (figures(array)) {
    const line = element("div", undefined, "figures");
    for (const part of figures(array).split(" · ")) line.append(element("span", part), " ");
    view.append(line);
  }
  const sizes = (array.figures || []).slice(2).map((each) => (typeof each === "number" ? Math.abs(each) : 0));
  const scale = Math.max(...sizes, 0);
  if (array.numbers) view.append(numbersTable(array.numbers, scale, {}));
  if (array.corner) {
    const corner = array.corner;
    const across = array.shape[array.shape.length - 1];
    const down = array.shape.slice(0, -1).reduce((product, length) => product * length, 1);
    const more = { rows: down > corner.length, columns: across > corner[0].length };
    const both = element("div", undefined, "both");
    both.append(numbersTable(corner, scale, more), heat(array, label));
    view.append(both);
  }
  return view;
}

/* The panel */

function sourceView(step) {
  const block = element("pre", undefined, "source");
  if (!step.caret) {
    block.textContent = step.source;
    return block;
  }
  const [start, length] = step.caret;
  const characters = [...step.source];
  block.append(characters.slice(0, start).join(""));
  block.append(element("mark", characters.slice(start, start + length).join("")));
  block.append(characters.slice(start + length).join("") + "\n");
  const carets = element("span", " ".repeat(start) + "^".repeat(length), "caret");
  carets.setAttribute("aria-hidden", "true");
  block.append(carets);
  return block;
}

const BAD = ["nan", "inf"];
const WORDS = { nan: "NaN", inf: "infinite", zero: "all zero", large: "large numbers", accumulated: "added to an earlier gradient", unbroadcast: "summed over broadcast axes" };

function headView(step) {
  const head = element("h2", step.op);
  if (step.name) head.append(element("span", `→ ${step.name}`));
  if (step.module) head.append(element("span", `in ${step.module}`));
  if (step.where) head.append(element("span", step.where));
  for (const flag of step.flags) {
    head.append(element("b", WORDS[flag] || flag, BAD.includes(flag) ? "badge bad" : "badge"));
  }
  return head;
}

function card(title, parts, className) {
  const made = element("div", undefined, className ? `card ${className}` : "card");
  if (title) made.append(element("h4", title));
  made.append(...parts);
  return made;
}

/* A card with more columns of numbers than fit takes the room of two. */
function widened(made) {
  for (const row of made.querySelectorAll("tr:first-child")) if (row.cells.length > 5) made.classList.add("wide");
  return made;
}

function cards(title, made) {
  if (!made.length) return [];
  const grid = element("div", undefined, "cards");
  grid.append(...made.map(widened));
  return [element("h3", title), grid];
}

/* One array, or each of several outputs. */
function arrayViews(numbers, name) {
  if (!Array.isArray(numbers)) return [arrayView(numbers, name)];
  return numbers.flatMap((number, place) => (number === null ? [] : [arrayView(number, `${name}s[${place}]`)]));
}

function inputCard(step, operand) {
  const value = step.takes[operand];
  const name = step.names[operand];
  const source = nameOf(step.from[operand]);
  const title = source && source !== name ? `${name}: ${source}` : name;
  if (typeof value === "string") return card(title, [element("p", value)]);
  if (typeof value === "number") return card(title, [arrayView(value, "value")]);
  return card(title, [element("p", `${shapeText(value)}: no rule has kept it; the trace of a recording has all`)]);
}

function contributionCard(step, operand) {
  const given = step.gives[operand];
  const name = step.names[operand];
  const source = nameOf(step.from[operand]);
  const made = card(`to ${name}${source && source !== name ? `: ${source}` : ""}`, []);
  if (step.formulas[operand] && step.formulas[operand] !== step.rule) made.append(element("code", step.formulas[operand]));
  if (given.returned) made.append(element("p", `the rule returned ${shapeText(given.returned)}; summed to the input's shape`));
  made.append(arrayView(given.array, `grad_${name}`));
  if (given.after === undefined) return made;
  const sum = element("div", undefined, "sum");
  sum.append(element("p", "added to what had arrived there before:"));
  if (given.before !== undefined) sum.append(arrayView(given.before, "before"));
  sum.append(arrayView(given.after, "accumulated"));
  made.append(sum);
  return made;
}

/* The places of a list that hold something. */
function filled(list) {
  return list.map((value, place) => (value === null ? -1 : place)).filter((place) => place >= 0);
}

function forwardPanel(step) {
  const lost = "No rule has kept the output of this operation. The trace of a recording has all: with debug.recording() as r, and then r.trace().";
  const inputs = filled(step.takes).map((operand) => inputCard(step, operand));
  if (step.output === undefined) return [element("p", lost), ...cards("Inputs", inputs)];
  return [...cards("Output", [card("", arrayViews(step.output, "output"), "hot")]), ...cards("Inputs", inputs)];
}

function backwardPanel(step) {
  if (step.gradient === undefined) return [element("p", "No gradient arrived here, so the rule was not run.")];
  const arrived = card("arrived", arrayViews(step.gradient, "grad_output"), "hot");
  const given = filled(step.gives).map((operand) => contributionCard(step, operand));
  const saved = filled(step.read).map((place) => {
    const value = step.read[place];
    const name = step.savedNames[place];
    return card("", typeof value === "string" ? [element("code", `${name} = ${value}`)] : arrayViews(value, name));
  });
  return [...cards("The gradient, and what it becomes", [arrived, ...given]), ...cards("What the rule read", saved)];
}

function panel(step) {
  const parts = [headView(step)];
  if (step.source) parts.push(sourceView(step));
  if (step.phase === "backward") {
    const rule = element("p", undefined, "rule");
    rule.append(element("code", step.rule));
    parts.push(rule);
  }
  return [...parts, ...(step.phase === "forward" ? forwardPanel(step) : backwardPanel(step))];
}
