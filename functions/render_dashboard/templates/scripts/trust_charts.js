// The charts of "Can I trust it?": which days are complete, which outlooks held.

const DAY_LINE = 22;

// A calendar: a column per week, a square per day.
function drawCalendar(host, days, rows, leastCoverage) {
  const byDay = new Map(rows.map((row) => [row.snapshot_date, row]));
  const first = weekday(days[0]);
  const weeks = Math.ceil((first + days.length) / 7);
  const missing = days.filter((day) => !byDay.get(day)?.is_published).length;
  const { image, width } = canvas(host, 7 * DAY_LINE + 66,
    `${days.length} days, ${missing} of them missing; the table below has each`);
  const size = Math.min(34, (width - 40) / weeks);
  ["Mon", "Wed", "Fri", "Sun"].forEach((name, index) => {
    const y = 34 + 2 * index * DAY_LINE;
    image.append(svg("text", { x: 30, y, "text-anchor": "end" }, name));
  });
  days.forEach((day, index) => {
    const x = 38 + Math.floor((first + index) / 7) * size;
    const row = byDay.get(day);
    image.append(svg("rect", {
      class: `day ${dayKind(row, leastCoverage)}`,
      rx: 3,
      x,
      y: 20 + weekday(day) * DAY_LINE,
      width: size - 3,
      height: DAY_LINE - 3,
    }, svg("title", {}, `${dayText(day)}: ${dayWords(row)}`)));
    const isFirstMonday = weekday(day) === 0 && Number(day.slice(8)) <= 7;
    if (isFirstMonday) image.append(svg("text", { x, y: 12 }, monthText(day)));
  });
  drawLegend(image, [
    ["day whole", "with votes"],
    ["day early", "popularity only"],
    ["day partial", "not complete"],
    ["day none", "missing"],
  ], width, 7 * DAY_LINE + 40);
}

// Monday is 0.
const weekday = (day) => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;

function dayKind(row, leastCoverage) {
  if (!row?.is_published) return "none";
  if (row.coverage != null && row.coverage < leastCoverage) return "partial";
  return row.has_votes ? "whole" : "early";
}

function dayWords(row) {
  if (!row) return "missing";
  if (!row.is_published) return "withheld";
  const parts = [`${whole(row.movies_observed)} movies`];
  // Cut and not rounded: 99.97 is not complete.
  if (row.coverage != null) {
    parts.push(`${fixed(Math.floor(row.coverage * 1000) / 10, 1)} % complete`);
  }
  parts.push(row.has_votes ? "with votes" : "popularity only");
  return parts.join(", ");
}

// Share of outlooks that held, day by day, against what they promise.
function drawOutlookCoverage(host, rows, promise) {
  const { image, width } = canvas(host, 150,
    `Share of outlooks that held on ${rows.length} days, ${promise} % promised; `
    + "the table below has the values");
  const [left, right, top, bottom] = [40, width - 12, 14, 120];
  const y = linearScale(Math.min(50, ...rows.map((row) => row.inside_pct)), 100, bottom, top);
  const x = linearScale(0, Math.max(1, rows.length - 1), left + 6, right - 6);
  const points = rows.map((row, index) => [x(index), y(row.inside_pct)]);
  const ticks = [50, 75, 100].filter((value) => y(value) <= bottom);
  drawValueAxis(image, ticks, y, { left, right }, (value) => `${value} %`);
  image.append(
    svg("line", { class: "promise", x1: left, x2: right, y1: y(promise), y2: y(promise) }),
    svg("text", { x: right, y: bottom - 6, "text-anchor": "end" }, `dashed: ${promise} % promised`),
    svg("path", { class: "held", d: linePath(points) }),
    ...points.map((point) => svg("path", { class: "held end", d: dotPath(point) })),
  );
  drawDayAxis(image, rows.map((row) => row.snapshot_date), x, bottom + 22, width);
}
