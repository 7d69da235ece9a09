// Charts as SVG, one function per kind. Each takes the element to fill and plain values,
// and takes its colours from the classes of page.css.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// An SVG as wide as its host; the label is what a screen reader says instead of it.
function canvas(host, height, label) {
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

function linearScale(low, high, from, to) {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

function logScale(low, high, from, to) {
  const scale = linearScale(Math.log(low), Math.log(high), from, to);
  return (value) => scale(Math.log(value));
}

// 1, 2, 5, 10, 20 ... between two bounds, thinned to a handful.
function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const step of [1, 2, 5]) {
      const value = step * 10 ** power;
      if (value >= low && value <= high) ticks.push(value);
    }
  }
  const powers = ticks.filter((value) => Number.isInteger(Math.log10(value)));
  if (ticks.length > 7 && powers.length > 1) return powers;
  return ticks.length > 1 ? ticks : linearTicks(low, high, 4);
}

function linearTicks(low, high, most = 5) {
  const rough = (high - low) / most;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const ticks = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) {
    ticks.push(Number(value.toFixed(10)));
  }
  return ticks;
}

// A line through points; null is a gap, and a point alone is a dot (the cap is round).
function linePath(points) {
  let path = "";
  let isDown = false;
  points.forEach((point, index) => {
    if (point && isDown) path += `L${place(point)}`;
    else if (point) path += `M${place(point)}${points[index + 1] ? "" : "h0"}`;
    isDown = Boolean(point);
  });
  return path;
}

const place = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;

const COLOURED_DAYS = 7;

// 30 days on a log scale: grey, and the last week in the colour of its change.
function drawSparkline(host, series, change) {
  const values = series.slice(-30);
  const known = values.filter((value) => value > 0);
  if (!known.length) return;
  const isWide = host.classList.contains("wide");
  const [width, height] = isWide ? [240, 48] : [104, 26];
  const x = linearScale(0, Math.max(1, values.length - 1), 3, width - 5);
  // A movie that hardly moves is a flat line, not magnified noise.
  const middle = Math.sqrt(Math.min(...known) * Math.max(...known));
  const reach = Math.max(1.15, Math.max(...known) / middle);
  const y = logScale(middle / reach, middle * reach, height - 4, 4);
  const points = values.map((value, day) => (value > 0 ? [x(day), y(value)] : null));
  const cut = Math.max(0, values.length - 1 - COLOURED_DAYS);
  const tone = directionOf(change);
  const image = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, class: `sparkline ${tone}`, "aria-hidden": "true",
  });
  if (isWide) image.setAttribute("preserveAspectRatio", "none");
  image.append(
    svg("path", { class: "past", d: linePath(points.slice(0, cut + 1)) }),
    svg("path", { class: "week", d: linePath(points.slice(cut)) }),
  );
  const last = points.at(-1);
  if (last) image.append(svg("path", { class: "end", d: `M${place(last)}h0` }));
  host.replaceChildren(image);
}

// Popularity of a movie: the days, their average, the outlook, breakouts and gaps. Below
// it the votes of each day. Returns how to mark a day, for the reader of values.
function drawMovie(host, movie, isLog) {
  host.replaceChildren();
  const { series, average, votes, days, outlook } = movie;
  const known = series.filter((value) => value > 0);
  const bounds = outlook ? [outlook.low, outlook.high] : [];
  const least = Math.min(...known, ...bounds);
  const most = Math.max(...known, ...bounds);
  const label = known.length
    ? `Popularity of ${movie.title}: ${number(known[0])} on the first of ${days.length} days, `
      + `${number(known.at(-1))} on the last`
    : `No popularity of ${movie.title} is known`;
  const { image, width } = canvas(host, 300, label);
  const [left, right, top, bottom] = [46, width < 560 ? 46 : 58, 14, 274];
  const last = days.length - 1;
  // One day alone stands in the middle.
  const after = outlook ? 7 : 0;
  const x = last + after ? linearScale(0, last + after, left, width - right) : () => width / 2;
  const low = isLog ? least / 1.12 : Math.min(0, least);
  const high = isLog ? most * 1.12 : most * 1.06;
  const y = (isLog ? logScale : linearScale)(low, high, bottom, top);
  const step = days.length > 1 ? x(1) - x(0) : 12;

  drawGaps(image, movie.missing.map((day) => days.indexOf(day)), x, step, top, bottom);
  if (known.length) drawValueAxis(image, (isLog ? logTicks : linearTicks)(low, high), y, left, width - right);
  drawDayAxis(image, days, x, bottom + 18, width);
  if (outlook && known.length) drawOutlookFan(image, series[last], outlook, last, x, y);
  const line = (values) => linePath(values.map((value, day) => (value > 0 ? [x(day), y(value)] : null)));
  image.append(
    svg("path", { class: "popularity", d: line(series) }),
    svg("path", { class: "average", d: line(average) }),
  );
  if (series[last] > 0) image.append(svg("path", { class: "newest", d: `M${place([x(last), y(series[last])])}h0` }));
  for (const day of movie.breakouts.map((on) => days.indexOf(on)).filter((index) => index >= 0)) {
    const isRight = x(day) > width / 2;
    const text = svg("text", {
      class: "name", x: x(day) + (isRight ? -6 : 6), y: top + 10, "text-anchor": isRight ? "end" : "start",
    }, "breakout");
    image.append(svg("line", { class: "breakout", x1: x(day), x2: x(day), y1: top, y2: bottom }), text);
  }
  const cursor = svg("line", { class: "cursor", y1: top, y2: bottom, visibility: "hidden" });
  image.append(cursor);
  const votesCursor = drawVotes(host, votes, { x, step, left, right: width - right, days, missing: movie.missing });
  return {
    mark(day) {
      for (const line of [cursor, votesCursor]) {
        line.setAttribute("x1", x(day));
        line.setAttribute("x2", x(day));
        line.setAttribute("visibility", "visible");
      }
    },
    dayAt(pixel) {
      const day = Math.round((pixel - x(0)) / step);
      return Math.min(last, Math.max(0, day));
    },
  };
}

function drawGaps(image, gaps, x, step, top, bottom) {
  for (const day of gaps.filter((index) => index >= 0)) {
    image.append(svg("rect", { class: "gap", x: x(day) - step / 2, width: step, y: top, height: bottom - top }));
  }
}

function drawValueAxis(image, ticks, y, left, right) {
  for (const tick of ticks) {
    image.append(
      svg("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick)),
    );
  }
}

const tickText = (value) => value.toLocaleString("en", { maximumFractionDigits: 2 });

function drawDayAxis(image, days, x, baseline, width) {
  const every = Math.ceil(days.length / Math.max(2, Math.floor(width / 105)));
  for (let day = days.length - 1; day >= 0; day -= every) {
    if (x(day) < 20) continue;
    image.append(svg("text", { x: x(day), y: baseline, "text-anchor": "middle" }, dayText(days[day])));
  }
}

function drawOutlookFan(image, today, outlook, last, x, y) {
  const [from, to] = [x(last), x(last + 7)];
  const start = today > 0 ? today : outlook.middle;
  const gap = Math.abs(y(outlook.low) - y(outlook.high)) < 14 ? 7 : 0;
  image.append(
    svg("path", { class: "fan", d: `M${from} ${y(start)}L${to} ${y(outlook.high)}V${y(outlook.low)}Z` }),
    svg("path", { class: "middle", d: `M${from} ${y(start)}L${to} ${y(outlook.middle)}` }),
    svg("text", { x: to + 5, y: y(outlook.high) + 4 - gap }, number(outlook.high)),
    svg("text", { x: to + 5, y: y(outlook.low) + 4 + gap }, number(outlook.low)),
  );
}

function drawVotes(host, votes, { x, step, left, right, days, missing }) {
  const known = votes.filter((value) => value != null);
  const [most, least] = [Math.max(1, ...known), Math.min(0, ...known)];
  const label = known.length
    ? `Votes of each of ${known.length} days: ${number(most)} at most, ${number(known.at(-1))} on the last`
    : "Votes of the day: none known so far";
  const { image, width } = canvas(host, known.length ? 104 : 24, label);
  const cursor = svg("line", { class: "cursor", visibility: "hidden" });
  if (!known.length) {
    image.append(svg("text", { class: "name", x: left, y: 14 }, "Votes of the day: none known so far"));
    return cursor;
  }
  const [top, bottom] = [22, 96];
  const y = linearScale(least, most, bottom, top);
  drawGaps(image, missing.map((day) => days.indexOf(day)), x, step, top, bottom);
  image.append(
    svg("text", { class: "name", x: left, y: 12 }, "Votes of the day"),
    svg("line", { class: "zero", x1: left, x2: right, y1: y(0), y2: y(0) }),
  );
  image.append(svg("text", { x: left - 8, y: y(most) + 8, "text-anchor": "end" }, tickText(most)));
  const bar = Math.max(1.5, Math.min(14, step * 0.72));
  votes.forEach((value, day) => {
    if (value == null) return;
    image.append(svg("rect", {
      class: value < 0 ? "vote less" : "vote",
      x: (x(day) - bar / 2).toFixed(1),
      width: bar.toFixed(1),
      y: Math.min(y(value), y(0)).toFixed(1),
      height: Math.max(0.8, Math.abs(y(value) - y(0))).toFixed(1),
    }));
  });
  cursor.setAttribute("y1", top);
  cursor.setAttribute("y2", bottom);
  image.append(cursor);
  return cursor;
}

// Change of a week against viral coefficient, a dot per movie. Dots of one colour and
// size are one path: ten thousand elements would take a second to draw.
const symlog = (percent) => Math.sign(percent) * Math.log1p(Math.abs(percent) / 20);

function drawMap(host, movies) {
  host.replaceChildren();
  const isSmall = host.clientWidth < 600;
  const { image, width } = canvas(host, isSmall ? 400 : 460,
    `Change of popularity in a week against viral coefficient: ${movies.length} movies`);
  const [left, right, top, bottom] = [40, width - 18, 16, (isSmall ? 400 : 460) - 48];
  const changes = movies.map((movie) => symlog(movie.change));
  const spread = linearScale(Math.min(-1, ...changes) * 1.05, Math.max(1, ...changes) * 1.08, left, right);
  const x = (percent) => spread(symlog(percent));
  const y = linearScale(0, 100, bottom, top);
  const radius = (movie) => [2, 3, 4.5, 6.5, 9, 13][Math.min(5, Math.floor(Math.log2(1 + movie.popularity / 4)))];

  drawMapAxes(image, x, y, { left, right, top, bottom });
  const dots = movies.map((movie) => ({
    movie, x: x(movie.change), y: y(movie.score), r: radius(movie), tone: toneOf(movie),
  }));
  const groups = Map.groupBy(dots, (dot) => `${dot.tone} ${dot.r}`);
  for (const [, group] of [...groups].sort((one, other) => other[1][0].r - one[1][0].r)) {
    image.append(svg("path", {
      class: `dots ${group[0].tone}`, "stroke-width": 2 * group[0].r,
      d: group.map((dot) => `M${dot.x.toFixed(1)} ${dot.y.toFixed(1)}h0`).join(""),
    }));
  }
  drawMapLabels(image, dots, isSmall ? 6 : 18, { left, right, top, bottom });
  const ring = svg("circle", { class: "ring", visibility: "hidden" });
  image.append(ring);
  return {
    mark(movie) {
      const dot = dots.find((each) => each.movie === movie);
      ring.setAttribute("cx", dot.x);
      ring.setAttribute("cy", dot.y);
      ring.setAttribute("r", dot.r + 3);
      ring.setAttribute("visibility", "visible");
    },
    movieAt(pixelX, pixelY) {
      let nearest = null;
      let least = 24;
      for (const dot of dots) {
        const distance = Math.hypot(dot.x - pixelX, dot.y - pixelY) - dot.r;
        if (distance < least) [nearest, least] = [dot, distance];
      }
      return nearest?.movie;
    },
  };
}

function toneOf(movie) {
  if (movie.isViral) return "hot";
  return Math.abs(movie.change) < 10 ? "flat" : directionOf(movie.change);
}

function drawMapAxes(image, x, y, { left, right, top, bottom }) {
  let lastX = -Infinity;
  for (const tick of [-90, -50, -20, 0, 20, 50, 100, 200, 500, 1000, 2000, 5000]) {
    if (x(tick) < left || x(tick) > right) continue;
    image.append(svg("line", { class: tick ? "grid" : "zero", x1: x(tick), x2: x(tick), y1: top, y2: bottom }));
    if (x(tick) - lastX < 46) continue;
    lastX = x(tick);
    image.append(svg("text", { x: x(tick), y: bottom + 22, "text-anchor": "middle" }, `${signed(tick, 0)} %`));
  }
  for (const tick of [0, 20, 40, 60, 80, 100]) {
    image.append(
      svg("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
    );
  }
  image.append(svg("text", { x: right, y: bottom + 42, "text-anchor": "end" }, "popularity, change of the week →"));
  image.append(svg("text", { x: left + 4, y: top - 5 }, "↑ viral coefficient"));
}

// Name the movies that stand out, each where its text covers no other and no large dot.
function drawMapLabels(image, dots, most, { left, right, top, bottom }) {
  const distance = (dot) => dot.movie.score + 22 * Math.abs(symlog(dot.movie.change));
  const candidates = [...dots].sort((one, other) => distance(other) - distance(one)).slice(0, 4 * most);
  const taken = candidates.map((dot) => [dot.x - dot.r, dot.y - dot.r, dot.x + dot.r, dot.y + dot.r]);
  const names = svg("g");
  image.append(names);
  for (const dot of candidates) {
    if (names.childElementCount === most) break;
    const text = svg("text", { class: "name" }, shortened(dot.movie.title, 26));
    names.append(text);
    const { width } = text.getBBox();
    const places = [
      [dot.x + dot.r + 4, dot.y + 4],
      [dot.x - dot.r - 4 - width, dot.y + 4],
      [dot.x - width / 2, dot.y - dot.r - 5],
      [dot.x - width / 2, dot.y + dot.r + 13],
    ];
    const free = places.find(([x, y]) => {
      const box = [x - 2, y - 12, x + width + 2, y + 4];
      const isInside = box[0] >= left && box[2] <= right && box[1] >= top && box[3] <= bottom;
      return isInside && !taken.some((other) => overlap(box, other));
    });
    if (!free) {
      text.remove();
      continue;
    }
    text.setAttribute("x", free[0]);
    text.setAttribute("y", free[1]);
    taken.push([free[0] - 2, free[1] - 12, free[0] + width + 2, free[1] + 4]);
  }
}

const overlap = (one, other) =>
  one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];

// Small multiples: for each genre its change of the week, its viral share, its votes.
function drawGenres(host, rows) {
  host.replaceChildren();
  const line = 22;
  const { image, width } = canvas(host, rows.length * line + 34,
    `${rows.length} genres: change of a week, share of viral movies and votes a day; the table below has the values`);
  const names = width < 460 ? 92 : 118;
  const bottom = rows.length * line + 30;
  const panel = (width - names) / 3;
  const panels = [
    [width < 460 ? "Week" : "Week, median", "weekly_pct_change_median", (value) => percent(value), true],
    ["Viral", "viral_pct", (value) => `${number1(value)} %`, false],
    ["Votes a day", "votes_per_day_mean", number1, false],
  ];
  rows.forEach((row, index) => {
    const y = 40 + index * line;
    if (index % 2 === 0) image.append(svg("rect", { class: "stripe", width, y: y - 15, height: line }));
    image.append(svg("text", { class: "name", x: 4, y }, shortened(row.genre, names < 100 ? 13 : 18)));
  });
  panels.forEach(([title, column, write, isSigned], index) => {
    const left = names + index * panel + 10;
    const right = left + panel - 58;
    const values = rows.map((row) => row[column] ?? 0);
    const reach = Math.max(1, ...values.map(Math.abs));
    const x = linearScale(isSigned ? -reach : 0, reach, left, right);
    image.append(
      svg("text", { x: left, y: 14 }, title),
      svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 24, y2: bottom }),
    );
    rows.forEach((row, at) => {
      if (row[column] == null) return;
      const y = 36 + at * line;
      const tone = isSigned ? directionOf(row[column]) : ["", "hot", "votes"][index];
      image.append(
        svg("line", { class: `stem ${tone}`, x1: x(0), x2: x(row[column]), y1: y, y2: y }),
        svg("path", { class: `dot ${tone}`, d: `M${x(row[column]).toFixed(1)} ${y}h0` }),
        svg("text", { x: left + panel - 12, y: y + 4, "text-anchor": "end" }, write(row[column])),
      );
    });
  });
}

const MOMENTUM = ["falling", "declining", "stable", "rising", "surging"];

// One bar of 100 % per release cohort.
function drawCohorts(host, rows) {
  host.replaceChildren();
  const line = 44;
  const { image, width } = canvas(host, rows.length * line + 26,
    `${rows.length} groups by time since release: shares that fall, stay and rise; the table below has the values`);
  const right = width - 4;
  rows.forEach((row, index) => {
    const y = 14 + index * line;
    image.append(
      svg("text", { class: "name", x: 0, y }, row.release_cohort),
      svg("text", { x: right, y, "text-anchor": "end" }, `${whole(row.movies_judged)} movies`),
    );
    if (!row.movies_judged) {
      image.append(svg("text", { x: 0, y: y + 18 }, "no momentum known so far"));
      return;
    }
    let left = 0;
    for (const word of MOMENTUM) {
      const size = ((row[`${word}_pct`] ?? 0) / 100) * right;
      if (size <= 0) continue;
      image.append(svg("rect", { class: `share ${word}`, x: left, y: y + 5, width: Math.max(0.5, size - 1), height: 20 }));
      if (size > 40) {
        image.append(svg("text", { class: `on ${word}`, x: left + size / 2, y: y + 19, "text-anchor": "middle" },
          `${whole(row[`${word}_pct`])} %`));
      }
      left += size;
    }
  });
  drawLegend(image, MOMENTUM.map((word) => [`share ${word}`, word]), width, rows.length * line + 6);
}

// A calendar: a column per week, a square per day.
function drawCalendar(host, days, rows, leastCoverage) {
  host.replaceChildren();
  const byDay = new Map(rows.map((row) => [row.snapshot_date, row]));
  const weekday = (day) => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  const first = weekday(days[0]);
  const weeks = Math.ceil((first + days.length) / 7);
  const missing = days.filter((day) => !byDay.get(day)?.is_published).length;
  const { image, width } = canvas(host, 7 * 22 + 66,
    `${days.length} days, ${missing} of them missing; the table below has each`);
  const size = Math.min(34, (width - 40) / weeks);
  ["Mon", "Wed", "Fri", "Sun"].forEach((name, index) => {
    image.append(svg("text", { x: 30, y: 34 + index * 44, "text-anchor": "end" }, name));
  });
  days.forEach((day, index) => {
    const column = Math.floor((first + index) / 7);
    const square = svg("rect", {
      class: `day ${dayKind(byDay.get(day), leastCoverage)}`, rx: 3,
      x: 38 + column * size, y: 20 + weekday(day) * 22, width: size - 3, height: 19,
    }, svg("title", {}, `${dayText(day)}: ${dayWords(byDay.get(day))}`));
    image.append(square);
    if (weekday(day) === 0 && Number(day.slice(8)) <= 7) {
      image.append(svg("text", { x: 38 + column * size, y: 12 }, monthText(day)));
    }
  });
  drawLegend(image, [
    ["day whole", "with votes"], ["day early", "popularity only"], ["day partial", "not complete"], ["day none", "missing"],
  ], width, 7 * 22 + 40);
}

function dayKind(row, leastCoverage) {
  if (!row?.is_published) return "none";
  if (row.coverage != null && row.coverage < leastCoverage) return "partial";
  return row.has_votes ? "whole" : "early";
}

function dayWords(row) {
  if (!row) return "missing";
  if (!row.is_published) return "withheld";
  const coverage = row.coverage == null ? "" : `, ${(Math.floor(row.coverage * 1000) / 10).toFixed(1)} % complete`;
  return `${whole(row.movies_observed)} movies${coverage}, ${row.has_votes ? "with votes" : "popularity only"}`;
}

// Share of outlooks that held, day by day, against what they promise.
function drawOutlookCoverage(host, rows, promise) {
  host.replaceChildren();
  const { image, width } = canvas(host, 150,
    `Share of outlooks that held on ${rows.length} days, ${promise} % promised; the table below has the values`);
  const [left, right, top, bottom] = [40, width - 12, 14, 120];
  const values = rows.map((row) => row.inside_pct);
  const y = linearScale(Math.min(50, ...values), 100, bottom, top);
  const x = linearScale(0, Math.max(1, rows.length - 1), left + 6, right - 6);
  for (const tick of [50, 75, 100].filter((value) => y(value) <= bottom)) {
    image.append(
      svg("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, `${tick} %`),
    );
  }
  image.append(
    svg("line", { class: "promise", x1: left, x2: right, y1: y(promise), y2: y(promise) }),
    svg("text", { x: right, y: bottom - 6, "text-anchor": "end" }, `dashed: ${promise} % promised`),
    svg("path", { class: "held", d: linePath(rows.map((row, index) => [x(index), y(row.inside_pct)])) }),
  );
  rows.forEach((row, index) => {
    image.append(svg("path", { class: "held end", d: `M${place([x(index), y(row.inside_pct)])}h0` }));
  });
  drawDayAxis(image, rows.map((row) => row.snapshot_date), x, bottom + 22, width);
}
