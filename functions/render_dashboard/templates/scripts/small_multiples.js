// Genres and groups by time since release, a line each.

const GENRE_LINE = 22;

// For each genre three panels: its change of the week, its viral share, its votes.
function drawGenres(host, rows) {
  const { image, width } = canvas(host, rows.length * GENRE_LINE + 34,
    `${rows.length} genres: change of a week, share of viral movies and votes a day; `
    + "the table below has the values");
  const isSmall = width < 460;
  const names = isSmall ? 92 : 118;
  rows.forEach((row, index) => {
    const y = 40 + index * GENRE_LINE;
    if (index % 2 === 0) {
      image.append(svg("rect", { class: "stripe", width, y: y - 15, height: GENRE_LINE }));
    }
    const words = shortened(row.genre, isSmall ? 13 : 18);
    image.append(svg("text", { class: "name", x: 4, y }, words));
  });
  const panels = [
    {
      title: isSmall ? "Week" : "Week, median",
      column: "weekly_pct_change_median",
      write: percent,
      tone: directionOf,
      isSigned: true,
    },
    {
      title: "Viral",
      column: "viral_pct",
      write: (value) => `${number1(value)} %`,
      tone: () => "hot",
    },
    {
      title: "Votes a day",
      column: "votes_per_day_mean",
      write: number1,
      tone: () => "votes",
    },
  ];
  const size = (width - names) / panels.length;
  panels.forEach((panel, index) => drawGenrePanel(image, rows, panel, names + index * size, size));
}

// A stem with a dot for each row, and its value at the right edge of the panel.
function drawGenrePanel(image, rows, { title, column, write, tone, isSigned }, from, size) {
  const [left, right] = [from + 10, from + size - 48];
  const reach = Math.max(1, ...rows.map((row) => Math.abs(row[column] ?? 0)));
  const x = linearScale(isSigned ? -reach : 0, reach, left, right);
  const bottom = rows.length * GENRE_LINE + 30;
  image.append(
    svg("text", { x: left, y: 14 }, title),
    svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 24, y2: bottom }),
  );
  if (rows.every((row) => row[column] == null)) {
    image.append(svg("text", { x: left + 8, y: 40 }, "none so far"));
  }
  rows.forEach((row, index) => {
    const value = row[column];
    if (value == null) return;
    const y = 36 + index * GENRE_LINE;
    const css = tone(value);
    image.append(
      svg("line", { class: `stem ${css}`, x1: x(0), x2: x(value), y1: y, y2: y }),
      svg("path", { class: `dot ${css}`, d: dotPath([x(value), y]) }),
      svg("text", { x: from + size - 2, y: y + 4, "text-anchor": "end" }, write(value)),
    );
  });
}

const MOMENTUM = ["falling", "declining", "stable", "rising", "surging"];
const COHORT_LINE = 44;

// One bar of 100 % per group by time since release.
function drawCohorts(host, rows) {
  const { image, width } = canvas(host, rows.length * COHORT_LINE + 26,
    `${rows.length} groups by time since release: shares that fall, stay and rise; `
    + "the table below has the values");
  const right = width - 4;
  rows.forEach((row, index) => {
    const y = 14 + index * COHORT_LINE;
    image.append(
      svg("text", { class: "name", x: 0, y }, row.release_cohort),
      svg("text", { x: right, y, "text-anchor": "end" }, `${whole(row.movies_judged)} movies`),
    );
    if (row.movies_judged) drawShares(image, row, y, right);
    else image.append(svg("text", { x: 0, y: y + 18 }, "no momentum known so far"));
  });
  const kinds = MOMENTUM.map((word) => [`share ${word}`, word]);
  drawLegend(image, kinds, width, rows.length * COHORT_LINE + 6);
}

function drawShares(image, row, y, width) {
  let left = 0;
  for (const word of MOMENTUM) {
    const share = row[`${word}_pct`] ?? 0;
    const size = (share / 100) * width;
    if (size <= 0) continue;
    image.append(svg("rect", {
      class: `share ${word}`, x: left, y: y + 5, width: Math.max(0.5, size - 1), height: 20,
    }));
    if (size > 40) {
      image.append(svg("text", {
        class: `on ${word}`, x: left + size / 2, y: y + 19, "text-anchor": "middle",
      }, `${whole(share)} %`));
    }
    left += size;
  }
}
