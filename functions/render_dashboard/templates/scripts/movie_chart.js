// Popularity of a movie: the days, their average, the outlook, breakouts and gaps. Below
// it the votes of each day.

const OUTLOOK_DAYS = 7;

// Returns how to mark a day and which day is at a pixel, for the reader of values.
function drawMovie(host, movie, isLog) {
  const { image, width } = canvas(host, 300, movieChartLabel(movie));
  const frame = movieFrame(movie, isLog, width);
  const { x, y, left, right, top, bottom, last } = frame;
  const isKnown = movie.series.some((value) => value > 0);

  drawGaps(image, movie, frame);
  if (isKnown) drawValueAxis(image, frame.ticks, y, { left, right });
  drawDayAxis(image, movie.days, x, bottom + 18, width);
  if (isKnown && movie.outlook) drawOutlookFan(image, movie, frame);
  const pathOf = (values) =>
    linePath(values.map((value, day) => (value > 0 ? [x(day), y(value)] : null)));
  image.append(
    svg("path", { class: "popularity", d: pathOf(movie.series) }),
    svg("path", { class: "average", d: pathOf(movie.average) }),
  );
  const newest = movie.series[last];
  if (newest > 0) image.append(svg("path", { class: "newest", d: dotPath([x(last), y(newest)]) }));
  drawBreakouts(image, movie, frame, width);
  const cursors = [addCursor(image, top, bottom), drawVotes(host, movie, frame)];
  return {
    mark: (day) => cursors.forEach((cursor) => moveCursor(cursor, x(day))),
    dayAt: (pixel) => Math.min(last, Math.max(0, Math.round((pixel - x(0)) / frame.step))),
  };
}

function movieChartLabel({ title, series, days }) {
  const known = series.filter((value) => value > 0);
  if (!known.length) return `No popularity of ${title} is known`;
  return `Popularity of ${title}: ${number(known[0])} on the first of ${days.length} days, `
    + `${number(known.at(-1))} on the last`;
}

// Where a movie's chart has its edges, and its scales.
function movieFrame({ series, days, outlook }, isLog, width) {
  const [left, right, top, bottom] = [46, width - (width < 560 ? 46 : 58), 14, 274];
  const values = series.filter((value) => value > 0);
  if (outlook) values.push(outlook.low, outlook.high);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const low = isLog ? least / 1.12 : Math.min(0, least);
  const high = isLog ? most * 1.12 : most * 1.06;
  const last = days.length - 1;
  const end = last + (outlook ? OUTLOOK_DAYS : 0);
  // One day alone stands in the middle.
  const x = end ? linearScale(0, end, left, right) : () => width / 2;
  return {
    left, right, top, bottom, last, x,
    y: (isLog ? logScale : linearScale)(low, high, bottom, top),
    ticks: (isLog ? logTicks : linearTicks)(low, high),
    step: last ? x(1) - x(0) : 12,
  };
}

// Days that are missing, shaded.
function drawGaps(image, { missing, days }, { x, step, top, bottom }) {
  for (const missed of missing) {
    const day = days.indexOf(missed);
    if (day < 0) continue;
    image.append(svg("rect", {
      class: "gap", x: x(day) - step / 2, width: step, y: top, height: bottom - top,
    }));
  }
}

function drawOutlookFan(image, { series, outlook }, { x, y, last }) {
  const [from, to] = [x(last), x(last + OUTLOOK_DAYS)];
  const start = y(series[last] > 0 ? series[last] : outlook.middle);
  const [low, middle, high] = [y(outlook.low), y(outlook.middle), y(outlook.high)];
  // Bounds that are near each other have their numbers apart.
  const apart = Math.abs(low - high) < 14 ? 7 : 0;
  image.append(
    svg("path", { class: "fan", d: `M${from} ${start}L${to} ${high}V${low}Z` }),
    svg("path", { class: "middle", d: `M${from} ${start}L${to} ${middle}` }),
    svg("text", { x: to + 5, y: high + 4 - apart }, number(outlook.high)),
    svg("text", { x: to + 5, y: low + 4 + apart }, number(outlook.low)),
  );
}

function drawBreakouts(image, { breakouts, days }, { x, top, bottom }, width) {
  for (const started of breakouts) {
    const day = days.indexOf(started);
    if (day < 0) continue;
    const isRight = x(day) > width / 2;
    image.append(
      svg("line", { class: "breakout", x1: x(day), x2: x(day), y1: top, y2: bottom }),
      svg("text", {
        class: "name",
        x: x(day) + (isRight ? -6 : 6),
        y: top + 10,
        "text-anchor": isRight ? "end" : "start",
      }, "breakout"),
    );
  }
}

const NO_VOTES = "Votes of the day: none known so far";

// A bar for each day, under the days of the chart above it; returns the cursor.
function drawVotes(host, movie, { x, step, left, right }) {
  const known = movie.votes.filter((value) => value != null);
  if (!known.length) {
    const { image } = addCanvas(host, 24, NO_VOTES);
    image.append(svg("text", { class: "name", x: left, y: 14 }, NO_VOTES));
    return addCursor(image, 0, 0);
  }
  const [most, least] = [Math.max(1, ...known), Math.min(0, ...known)];
  const { image } = addCanvas(host, 104, `Votes of each of ${known.length} days: `
    + `${number(most)} at most, ${number(known.at(-1))} on the last`);
  const [top, bottom] = [22, 96];
  const y = linearScale(least, most, bottom, top);
  drawGaps(image, movie, { x, step, top, bottom });
  image.append(
    svg("text", { class: "name", x: left, y: 12 }, "Votes of the day"),
    svg("line", { class: "zero", x1: left, x2: right, y1: y(0), y2: y(0) }),
    svg("text", { x: left - 8, y: y(most) + 8, "text-anchor": "end" }, tickText(most)),
  );
  const bar = Math.max(1.5, Math.min(14, step * 0.72));
  movie.votes.forEach((value, day) => {
    if (value == null) return;
    image.append(svg("rect", {
      class: value < 0 ? "vote less" : "vote",
      x: (x(day) - bar / 2).toFixed(1),
      width: bar.toFixed(1),
      y: Math.min(y(value), y(0)).toFixed(1),
      height: Math.max(0.8, Math.abs(y(value) - y(0))).toFixed(1),
    }));
  });
  return addCursor(image, top, bottom);
}

function addCursor(image, top, bottom) {
  const cursor = svg("line", { class: "cursor", y1: top, y2: bottom, visibility: "hidden" });
  image.append(cursor);
  return cursor;
}

function moveCursor(cursor, x) {
  cursor.setAttribute("x1", x);
  cursor.setAttribute("x2", x);
  cursor.setAttribute("visibility", "visible");
}
