// SVG elements, and what all charts draw with them. Colours are those of the classes in
// styles/charts.css.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// An SVG as wide as its host; the label is what a screen reader says instead of it.
function canvas(host, height, label) {
  host.replaceChildren();
  return addCanvas(host, height, label);
}

// A further one below those that the host has.
function addCanvas(host, height, label) {
  const width = Math.max(240, host.clientWidth);
  const image = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label,
  });
  host.append(image);
  return { image, width };
}

// Swatches and their words under a chart, in as many lines as they need.
function drawLegend(image, kinds, width, top) {
  let [left, line] = [1, top];
  for (const [css, words] of kinds) {
    const text = svg("text", {}, words);
    image.append(text);
    const size = 18 + text.getBBox().width;
    if (left + size > width) [left, line] = [1, line + 20];
    text.setAttribute("x", left + 18);
    text.setAttribute("y", line + 10);
    image.append(svg("rect", { class: css, x: left, y: line, width: 12, height: 12, rx: 3 }));
    left += size + 16;
  }
  image.setAttribute("height", line + 16);
  image.setAttribute("viewBox", `0 0 ${width} ${line + 16}`);
}

const place = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;

// A path of no length: its round cap is a dot of the stroke's width.
const dotPath = (point) => `M${place(point)}h0`;

// A line through points; null is a gap, and a point alone is a dot.
function linePath(points) {
  let path = "";
  let isDown = false;
  points.forEach((point, index) => {
    if (point && isDown) path += `L${place(point)}`;
    else if (point) path += points[index + 1] ? `M${place(point)}` : dotPath(point);
    isDown = Boolean(point);
  });
  return path;
}
