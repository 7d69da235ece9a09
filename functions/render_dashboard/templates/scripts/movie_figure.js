// The figure of a movie's page: its chart, how to read it, and its values as a table.

const DAYS_SHOWN_AT_LEAST = 30;

const NO_VOTES_IN_CAPTION =
  "Votes of a day are counted from the first daily run on; none are known so far.";

const MOVIE_LEGEND = [
  ["popularity", "popularity"],
  ["average", "7-day average"],
  ["fan", "outlook, 8 of 10"],
  ["breakout", "breakout"],
  ["gap", "day missing"],
];

// Returns the figure, and how to draw its chart once it is on the page.
function movieFigure(row) {
  const movie = movieSeries(row);
  const host = make("div", { class: "chart-host" });
  const isLog = make("input", { type: "checkbox", id: "log", checked: true });
  const figure = make("figure", { class: "fig" },
    movieLegend(isLog), host, movieCaption(row, movie), valuesTable(movie));
  const draw = () => drawMovieWithReader(host, movie, isLog.checked);
  isLog.addEventListener("change", draw);
  return { figure, draw };
}

// What the chart shows of a movie, from the first day that is shown.
function movieSeries(row) {
  const id = movies.movie_id[row];
  const series = seriesOf(row);
  const average = movingAverage(series, data.thresholds.average_7d_min_days_observed);
  average[average.length - 1] = movies.popularity_7d_ma[row];
  const from = firstDayShown(series);
  return {
    title: movies.title[row],
    days: data.days.slice(from),
    missing: data.missing,
    series: series.slice(from),
    average: average.slice(from),
    votes: votesOf(row).slice(from),
    outlook: outlookOf(row),
    breakouts: data.breakouts.filter((each) => each.movie_id === id).map((each) => each.started_on),
  };
}

// A movie that is new begins where it does, but with a month at least.
function firstDayShown(series) {
  const first = series.findIndex((value) => value != null);
  return Math.max(0, Math.min(first, series.length - DAYS_SHOWN_AT_LEAST));
}

function outlookOf(row) {
  const [low, middle, high] = ["_low", "", "_high"].map(
    (end) => movies[`popularity_outlook_7d${end}`][row]);
  return low > 0 && high > 0 ? { low, middle, high } : null;
}

function drawMovieWithReader(host, movie, isLog) {
  const chart = drawMovie(host, movie, isLog);
  const last = movie.days.length - 1;
  addReader(host, {
    label: "Day",
    most: last,
    start: last,
    write: (day) => [
      dayText(movie.days[day]),
      `popularity ${number(movie.series[day])}`,
      `7-day average ${number(movie.average[day])}`,
      `votes ${votesText(movie.votes[day])}`,
    ],
    mark: chart.mark,
    at: chart.dayAt,
  });
}

function movieLegend(isLog) {
  const items = MOVIE_LEGEND.map(([css, words]) =>
    make("li", {}, make("span", { class: `key ${css}` }), words));
  return make("ul", { class: "legend" }, ...items,
    make("li", { class: "switch" }, make("label", {}, isLog, " log scale")));
}

function movieCaption(row, movie) {
  const sentences = [outlookWords(movie.outlook)];
  if (movie.votes.every((value) => value == null)) {
    sentences.push(NO_VOTES_IN_CAPTION);
  }
  if (isCoarse(row)) {
    const places = whole(data.fine_ranks);
    sentences.push(`Past days of a movie beyond place ${places} are to the nearest 2 %.`);
  }
  if (hasUnkeptDays(movie)) {
    sentences.push(`Days below place ${whole(data.thresholds.leading_max_rank)}: no series kept.`);
  }
  return make("figcaption", {}, sentences.join(" "));
}

// Of more movies than there are places whose series are kept, a gap need not be a missing day.
function hasUnkeptDays({ days, series, missing }) {
  const isLarger = data.catalogue_days.some(
    (day) => day.movies_observed > data.thresholds.leading_max_rank);
  return isLarger && days.some((day, at) => series[at] == null && !missing.includes(day));
}

function outlookWords(outlook) {
  if (outlook) {
    return `In 7 days ${number(outlook.low)} to ${number(outlook.high)}, as 8 of 10 movies in the `
      + "same state did. The middle is hardly better than “as today”: read the bounds.";
  }
  const isAny = movies.popularity_outlook_7d_low.some((value) => value != null);
  return isAny
    ? "No outlook: too few movies were in the same state in the last 5 weeks."
    : data.no_outlook;
}

// Filled when it is opened, the newest day first.
function valuesTable(movie) {
  const details = make("details", {}, make("summary", {}, "The same values as a table"));
  const columns = [
    { label: "Day", css: "text" },
    { label: "Popularity" },
    { label: "7-day average" },
    { label: "Votes" },
  ];
  details.addEventListener("toggle", () => {
    if (details.childElementCount > 1) return;
    const rows = movie.days.map((day, index) => [
      dayText(day),
      number(movie.series[index]),
      number(movie.average[index]),
      votesText(movie.votes[index]),
    ]);
    const table = makeTable({}, columns, rows.reverse());
    details.append(makeRegion("Values of each day", "scroll tall", table));
  });
  return details;
}
