// HTML elements, and the parts of tables that the HTML of the page has too.

const find = (selector) => document.querySelector(selector);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

// Columns are { label, css }; rows are lists of a cell's content each.
function makeTable(attributes, columns, rows) {
  const head = columns.map(({ label, css }) => make("th", { scope: "col", class: css }, label));
  const body = rows.map((cells) => make("tr", {},
    ...cells.map((cell, index) => make("td", { class: columns[index].css }, cell))));
  return make("table", attributes,
    make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
}

// A part that is scrolled by itself, with the keyboard too.
function makeRegion(label, css, content) {
  return make("div", { class: css, tabindex: "0", role: "region", "aria-label": label }, content);
}

function movieLink(row) {
  const href = `#movie/${movies.movie_id[row]}`;
  const link = make("a", { href }, make("bdi", {}, movies.title[row]));
  const year = yearOf(row);
  return year ? [link, " ", make("small", {}, year)] : [link];
}

const yearOf = (row) => movies.release_date[row]?.slice(0, 4);

function changeOfRank(places) {
  if (!places) return make("span", { class: "flat" }, places == null ? NOTHING : "=");
  const word = places > 0 ? "up" : "down";
  return make("span", { class: word },
    make("span", { "aria-hidden": "true" }, places > 0 ? "▲" : "▼"),
    make("span", { class: "sr" }, word),
    ` ${whole(Math.abs(places))}`);
}

const percentCell = (value) => make("span", { class: directionOf(value) }, percent(value));

function sparkline(row) {
  const host = make("span", { class: "spark" });
  drawSparkline(host, seriesOf(row), movies.weekly_pct_change[row]);
  return host;
}
