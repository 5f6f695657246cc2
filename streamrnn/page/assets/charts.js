// Charts on uPlot: colours from the page's own variables, marks as upright lines, the size of their box.

import { clock, isDate, number } from "./format.js";

const charts = new Set();

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// One chart in a box. `make` gives uPlot's options, anew whenever the theme changes.
export class Chart {
  constructor(box, make) {
    this.box = box;
    this.make = make;
    this.data = null;
    this.plot = null;
    this.marks = [];
    charts.add(this);
    new ResizeObserver(() => this.fit()).observe(box);
  }

  show(data, marks = []) {
    this.data = data;
    this.marks = marks;
    if (data[0].length < 2) this.clear(); // of one moment there is nothing to see
    else if (this.plot) this.plot.setData(data);
    else this.draw();
  }

  draw() {
    this.clear();
    const options = this.make();
    options.width = this.box.clientWidth || 300;
    options.height = this.height;
    options.hooks = { drawAxes: [(plot) => this.drawMarks(plot)], ...(options.hooks || {}) };
    this.plot = new uPlot(options, this.data, this.box);
    this.fit();
  }

  clear() {
    if (this.plot) this.plot.destroy();
    this.plot = null;
  }

  get height() {
    return this.box.classList.contains("small") ? 130 : 220;
  }

  fit() {
    if (this.plot && this.box.clientWidth) this.plot.setSize({ width: this.box.clientWidth, height: this.height });
  }

  drawMarks(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    for (const mark of this.marks) {
      const at = plot.valToPos(mark.time, "x", true);
      if (at < bbox.left || at > bbox.left + bbox.width) continue;
      ctx.strokeStyle = colour(mark.colour);
      ctx.globalAlpha = mark.colour === "snapshot" ? 0.35 : 0.9;
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }
}

export function redraw() {
  for (const chart of charts) if (chart.plot) chart.draw();
}

// Hours and minutes by this browser's clock, or of event time in UTC; the date where days are shown.
function ticks(utc) {
  return (_, splits) => {
    const span = splits.at(-1) - splits[0];
    return splits.map((time) => {
      const date = new Date(1000 * (utc ? time : time - 60 * new Date(1000 * time).getTimezoneOffset()));
      const [day, hour] = date.toISOString().split("T");
      if (splits[1] - splits[0] >= 86400) return day.slice(5);
      return (span > 43200 ? `${day.slice(5)} ` : "") + (splits[1] - splits[0] < 60 ? hour.slice(0, 8) : hour.slice(0, 5));
    });
  };
}

export const utcTicks = { values: ticks(true) };
export const wallTicks = { values: ticks(false) };

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

export function axes(label, side = wallTicks) {
  const look = { stroke: colour("soft"), grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("grid"), width: 1 } };
  return [
    { ...look, ...side, space: 100 },
    { ...look, label, labelSize: 18, size: 58, labelFont: "13px system-ui", values: (_, marks) => marks.map((each) => (Math.abs(each) < 1e4 ? number(each, 4) : compact.format(each))) },
  ];
}

// A range that shows where zero is.
export function aroundZero(_, low, high) {
  const room = 0.1 * (Math.max(high, 0) - Math.min(low, 0)) || 1;
  return [Math.min(low, 0) - (low < 0 ? room : 0), Math.max(high, 0) + room];
}

export function line(label, name, more = {}) {
  return { label, stroke: colour(name), width: 1.8, spanGaps: true, points: { show: false }, value: (_, value) => number(value), ...more };
}

export const wallClock = { label: "Time", value: (_, time) => (time === null ? "–" : clock(time)) };

export function eventClock(plot, time) {
  if (time === null) return "–";
  return isDate(time) ? new Date(1000 * time).toISOString().slice(0, 19).replace("T", " ") : number(time, 8);
}
