// Numbers and times as people read them, and small pieces of the page.

export const NONE = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function known(value) {
  return typeof value === "number" && Number.isFinite(value);
}

export function count(value) {
  return known(value) ? whole.format(value) : NONE;
}

export function number(value, digits = 4) {
  if (!known(value)) return NONE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(2);
  return value.toLocaleString("en", { maximumSignificantDigits: digits });
}

export function rate(value) {
  return known(value) ? (value >= 100 ? whole.format(value) : number(value, 3)) : NONE;
}

export function percent(value, digits = 1) {
  return known(value) ? `${(100 * value).toFixed(digits)} %` : NONE;
}

export function seconds(value) {
  if (!known(value)) return NONE;
  if (value < 0.9995) return `${number(1000 * value, 3)} ms`;
  if (value < 120) return `${number(value, 3)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  if (value < 172800) return `${number(value / 3600, 2)} h`;
  return `${Math.round(value / 86400)} d`;
}

export function clock(time) {
  return new Date(1000 * time).toLocaleTimeString("en-GB");
}

// Event time: a date where it can be one, else the plain number that it is (the line of a log without times).
export function isDate(time) {
  return Math.abs(time) > 1e8;
}

export function moment(time) {
  if (!known(time)) return NONE;
  return isDate(time) ? new Date(1000 * time).toISOString().slice(0, 19).replace("T", " ") + " UTC" : number(time, 8);
}

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Fills a table from rows of cells; a cell is a text, or [text, classes], or a node.
export function fill(table, heads, rows, empty) {
  const cell = (name, given) => {
    const [text, classes] = Array.isArray(given) ? given : [given, ""];
    const made = element(name, { className: classes }, text);
    if (name === "th") made.scope = "col";
    return made;
  };
  const head = element("thead", {}, element("tr", {}, ...heads.map((each) => cell("th", each))));
  const body = element("tbody");
  for (const row of rows) body.append(element("tr", {}, ...row.map((each) => cell("td", each))));
  if (!rows.length) body.append(element("tr", {}, element("td", { colSpan: heads.length }, empty)));
  table.replaceChildren(head, body);
  return body;
}

export function good(value) {
  return known(value) ? (value > 0.005 ? "good" : value < -0.005 ? "bad" : "") : "";
}
