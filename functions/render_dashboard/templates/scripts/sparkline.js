// The line of a movie in a table or a card.

const SPARKLINE_DAYS = 30;
const COLOURED_DAYS = 7;

// 30 days on a log scale: grey, and the last week in the colour of its change.
function drawSparkline(host, series, change) {
  const values = series.slice(-SPARKLINE_DAYS);
  const known = values.filter((value) => value > 0);
  if (!known.length) return;
  const isWide = host.classList.contains("wide");
  const [width, height] = isWide ? [240, 48] : [104, 26];
  const x = linearScale(0, Math.max(1, values.length - 1), 3, width - 5);
  const y = sparklineScale(known, height);
  const points = values.map((value, day) => (value > 0 ? [x(day), y(value)] : null));
  const cut = Math.max(0, values.length - 1 - COLOURED_DAYS);
  const image = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    class: `sparkline ${directionOf(change)}`,
    "aria-hidden": "true",
  });
  if (isWide) image.setAttribute("preserveAspectRatio", "none");
  image.append(
    svg("path", { class: "past", d: linePath(points.slice(0, cut + 1)) }),
    svg("path", { class: "week", d: linePath(points.slice(cut)) }),
  );
  const last = points.at(-1);
  if (last) image.append(svg("path", { class: "end", d: dotPath(last) }));
  host.replaceChildren(image);
}

// A movie that hardly moves is a flat line, not magnified noise.
function sparklineScale(known, height) {
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const middle = Math.sqrt(least * most);
  const reach = Math.max(1.15, most / middle);
  return logScale(middle / reach, middle * reach, height - 4, 4);
}
