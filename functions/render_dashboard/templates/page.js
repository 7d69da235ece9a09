// The page: reads the data, fills the board's charts, and makes what the HTML has not:
// search, the table of all movies, and a page for each movie.

const MOST_FOUND = 8;
const ROWS_AT_ONCE = 100;
const DAYS_SHOWN_AT_LEAST = 30;

const find = (selector) => document.querySelector(selector);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

// ---- Numbers, as wording.py writes them

const NOTHING = "–";

function fixed(value, decimals) {
  const text = Math.abs(value).toLocaleString("en", {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  });
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

function number(value) {
  if (value == null) return NOTHING;
  const size = Math.abs(value);
  return fixed(value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

const whole = (value) => (value == null ? NOTHING : fixed(value, 0));
const number1 = (value) => (value == null ? NOTHING : fixed(value, 1));

// Votes of a day are whole, except after a gap, which they are spread over.
const votesText = (value) => (Number.isInteger(value) ? whole(value) : number1(value));

// A viral coefficient is cut and not rounded: 59.9 is not in the class of 60.
const score = (value) => (value == null ? NOTHING : whole(Math.floor(value)));

function signed(value, decimals = 1) {
  if (value == null) return NOTHING;
  const text = fixed(value, decimals);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

const percent = (value) =>
  (value == null ? NOTHING : `${signed(value, Math.abs(value) < 9.95 ? 1 : 0)} %`);

const sigmas = (value) => (value == null ? NOTHING : `${signed(value)}σ`);

function directionOf(value) {
  if (!value) return "flat";
  return value > 0 ? "up" : "down";
}

const onDay = (day, options) =>
  new Date(`${day}T00:00:00Z`).toLocaleDateString("en-GB", { timeZone: "UTC", ...options });
const dayText = (day) => onDay(day, { day: "numeric", month: "short" });
const monthText = (day) => onDay(day, { month: "short" });
const shortened = (text, most) => {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join("").trimEnd()}…` : text;
};

// Letters without their accents: "etoile" finds "Étoile".
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// ---- Data: columns in, see encoding.py

let data;
let movies;
let rowOf;

const POPULARITY_COLUMNS = [
  "current_popularity", "popularity_7d_ma", "popularity_outlook_7d", "popularity_outlook_7d_low",
  "popularity_outlook_7d_high", "popularity_now", "popularity_expected",
];

async function readData() {
  const bytes = Uint8Array.from(atob(find("#data").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  data = await new Response(stream).json();
  movies = data.movies;
  for (const [name, column] of Object.entries(movies)) {
    if (column.words && name === "genres") {
      movies[name] = column.codes.map((codes) => codes.map((code) => column.words[code]));
    } else if (column.words) {
      movies[name] = column.codes.map((code) => (code == null ? null : column.words[code]));
    }
  }
  movies.movie_id ??= [];
  for (const name of POPULARITY_COLUMNS) movies[name] = movies[name]?.map(popularityOf);
  movies.folded = movies.title?.map(fold);
  rowOf = new Map(movies.movie_id.map((id, row) => [id, row]));
}

// Hundredths below 10, and above tenths from 1,000 up.
function popularityOf(code) {
  if (code == null) return null;
  return code < 1000 ? code / 100 : (code - 900) / 10;
}

// A letter for each day: 0, -1, 1, -2 ... from "0" on; a space is a gap.
function numbersOf(letters) {
  return Array.from(letters, (letter) => {
    if (letter === " ") return null;
    const point = letter.codePointAt(0);
    const folded = (point < 0xe000 ? point : point - 0x800) - 0x30;
    return folded % 2 ? -(folded + 1) / 2 : folded / 2;
  });
}

// Steps of 2 % from 0.01 on, which is 1.
const coarsePopularityOf = (code) => (code ? 0.01 * Math.exp((code - 1) / 50) : code);

const isCoarse = (row) => movies.popularity_rank[row] > data.fine_ranks;

function seriesOf(row) {
  const column = movies.popularity;
  if (typeof column[row] === "string") {
    const decode = isCoarse(row) ? coarsePopularityOf : popularityOf;
    let code = 0;
    column[row] = numbersOf(column[row]).map((step) => (step == null ? null : decode(code += step)));
    // The newest day is that of the headline, exactly.
    if (column[row].at(-1) != null) column[row][column[row].length - 1] = movies.current_popularity[row];
  }
  return column[row];
}

const votesOf = (row) => numbersOf(movies.votes[row]).map((sixths) => (sixths == null ? null : sixths / 6));

// The mean of the observed of 7 days, as in v_popularity_7d_moving_average.
function movingAverage(series, leastDays) {
  return series.map((_, day) => {
    const observed = series.slice(Math.max(0, day - 6), day + 1).filter((value) => value != null);
    if (observed.length < leastDays) return null;
    return observed.reduce((sum, value) => sum + value, 0) / observed.length;
  });
}

// ---- Parts of tables

function movieLink(row) {
  const link = make("a", { href: `#movie/${movies.movie_id[row]}` }, make("bdi", {}, movies.title[row]));
  const year = movies.release_date[row]?.slice(0, 4);
  return [link, year ? " " : null, year ? make("small", {}, year) : null];
}

function changeOfRank(places) {
  if (places == null || places === 0) return make("span", { class: "flat" }, places == null ? NOTHING : "=");
  const word = places > 0 ? "up" : "down";
  return make("span", { class: word },
    make("span", { "aria-hidden": "true" }, places > 0 ? "▲" : "▼"), make("span", { class: "sr" }, word),
    ` ${whole(Math.abs(places))}`);
}

function sparkline(row) {
  const host = make("span", { class: "spark" });
  drawSparkline(host, seriesOf(row), movies.weekly_pct_change[row]);
  return host;
}

function percentCell(value) {
  return make("span", { class: directionOf(value) }, percent(value));
}

// ---- All movies: filters, sort, a hundred at a time

const COLUMNS = [
  { label: "#", key: "popularity_rank", cell: (row) => [whole(movies.popularity_rank[row])] },
  { label: "Movie", key: "title", css: "text", cell: movieLink },
  { label: "30 days", css: "chart wide-only", cell: (row) => [sparkline(row)] },
  { label: "Popularity", key: "current_popularity", cell: (row) => [number(movies.current_popularity[row])] },
  { label: "Week", key: "weekly_pct_change", cell: (row) => [percentCell(movies.weekly_pct_change[row])] },
  { label: "Places", key: "rank_change_7d", css: "wide-only desk-only", cell: (row) => [changeOfRank(movies.rank_change_7d[row])] },
  { label: "Peak", key: "peak_rank", css: "wide-only desk-only", cell: (row) => [whole(movies.peak_rank[row])] },
  { label: "Momentum", key: "momentum_status", css: "text wide-only", cell: (row) => [movies.momentum_status[row]] },
  { label: "Score", key: "viral_coefficient", cell: (row) => [score(movies.viral_coefficient[row])] },
  { label: "Class", key: "virality_category", css: "text wide-only", cell: (row) => [movies.virality_category[row]] },
  { label: "Votes a day", key: "avg_daily_votes_7d", css: "wide-only", cell: (row) => [number1(movies.avg_daily_votes_7d[row])] },
];
const ASCENDING_FIRST = new Set(["popularity_rank", "title", "peak_rank", "momentum_status", "virality_category"]);
const view = { key: "popularity_rank", isDescending: false, most: ROWS_AT_ONCE };

function chosenRows() {
  const words = fold(find("#title-filter").value.trim());
  const genre = find("#genre-filter").value;
  const category = find("#class-filter").value;
  const rows = [...movies.movie_id.keys()].filter((row) =>
    movies.folded[row].includes(words)
    && (!genre || movies.genres[row].includes(genre))
    && (!category || movies.virality_category[row] === category));
  const column = movies[view.key];
  const sign = view.isDescending ? -1 : 1;
  // What is not known comes last, however it is sorted.
  return rows.sort((one, other) => {
    const [a, b] = [column[one], column[other]];
    if (a == null || b == null) return (a == null) - (b == null);
    return sign * (typeof a === "string" ? a.localeCompare(b, "en") : a - b);
  });
}

function headerCell({ label, key, css }) {
  if (!key) return make("th", { scope: "col", class: css }, label);
  const isSorted = view.key === key;
  const order = view.isDescending ? "descending" : "ascending";
  const button = make("button", { type: "button", "data-sort": key }, label);
  button.addEventListener("click", () => sortBy(key));
  return make("th", { scope: "col", class: css, "aria-sort": isSorted ? order : null }, button);
}

function sortBy(key) {
  view.isDescending = view.key === key ? !view.isDescending : !ASCENDING_FIRST.has(key);
  view.key = key;
  showAllMovies();
  find(`[data-sort="${key}"]`).focus();
}

function showAllMovies() {
  const rows = chosenRows();
  const shown = rows.slice(0, view.most);
  const head = make("thead", {}, make("tr", {}, ...COLUMNS.map(headerCell)));
  const body = make("tbody", {}, ...shown.map((row) =>
    make("tr", {}, ...COLUMNS.map(({ css, cell }) => make("td", { class: css }, ...cell(row))))));
  const table = make("table", { "aria-labelledby": "all-title" }, head, body);
  const content = rows.length
    ? make("div", { class: "scroll" }, table)
    : make("p", { class: "empty" }, "No movie has this title, genre and class: clear one of the filters.");
  find("#all-table").replaceChildren(content);
  find("#all-count").textContent = `${whole(rows.length)} of ${whole(movies.movie_id.length)} movies`
    + (rows.length > shown.length ? `, the first ${whole(shown.length)} shown` : "");
  find("#all-more").hidden = rows.length <= shown.length;
}

function fillFilters() {
  const words = (values) => [...new Set(values)].sort().map((word) => make("option", {}, word));
  find("#genre-filter").append(...words((movies.genres ?? []).flat()));
  find("#class-filter").append(...words(movies.virality_category ?? []));
  for (const id of ["#title-filter", "#genre-filter", "#class-filter"]) {
    find(id).addEventListener("input", () => {
      view.most = ROWS_AT_ONCE;
      showAllMovies();
    });
  }
  find("#all-more").addEventListener("click", () => {
    view.most += ROWS_AT_ONCE;
    showAllMovies();
  });
}

// ---- Search: a list under the box; arrows choose, Enter opens

function matches(words) {
  const rows = [...movies.movie_id.keys()].filter((row) => movies.folded[row].includes(words));
  const starts = (row) => !movies.folded[row].startsWith(words);
  return rows.sort((one, other) => starts(one) - starts(other)
    || movies.popularity_rank[one] - movies.popularity_rank[other]);
}

function startSearch() {
  const box = find("#search");
  const list = find("#found");
  let chosen = -1;
  const close = () => {
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const choose = (index) => {
    const options = [...list.children];
    chosen = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    box.setAttribute("aria-activedescendant", options[chosen].id);
  };
  const open = (option) => {
    location.hash = option.dataset.target;
    if (option.dataset.target === "#all") {
      find("#title-filter").value = box.value;
      showAllMovies();
    }
    box.value = "";
    close();
  };
  const show = () => {
    const words = fold(box.value.trim());
    if (!words) return close();
    const rows = matches(words);
    const options = rows.slice(0, MOST_FOUND).map((row) => [`#movie/${movies.movie_id[row]}`, movieWords(row)]);
    if (rows.length > MOST_FOUND) options.push(["#all", [`All ${whole(rows.length)} in the table`]]);
    if (!rows.length) options.push(["#all", ["No movie of that title"]]);
    list.replaceChildren(...options.map(([target, content], index) =>
      make("li", { role: "option", id: `found-${index}`, "data-target": target, "aria-selected": "false" }, ...content)));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    choose(0);
    return undefined;
  };
  box.addEventListener("input", show);
  box.addEventListener("focus", show);
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const keys = {
      ArrowDown: () => choose(chosen + 1),
      ArrowUp: () => choose(chosen - 1),
      Enter: () => open(list.children[chosen]),
      Escape: close,
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  // Before the box loses the focus, which closes the list.
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) open(option);
  });
}

function movieWords(row) {
  const year = movies.release_date[row]?.slice(0, 4);
  return [make("bdi", {}, movies.title[row]), make("small", {}, ` ${year ?? ""} #${whole(movies.popularity_rank[row])}`)];
}

// ---- Reading values: one slider over a chart, by pointer and by keyboard

function addReader(figure, { label, most, start, write, mark, at, open }) {
  const readout = make("p", { class: "readout" });
  const slider = make("div", {
    class: "reader", role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": most,
  });
  const read = (value) => {
    const words = write(value);
    slider.setAttribute("aria-valuenow", value);
    slider.setAttribute("aria-valuetext", words.join(", "));
    readout.replaceChildren(...words.map((word) => make("span", {}, word)));
    mark(value);
  };
  const current = () => Number(slider.getAttribute("aria-valuenow"));
  slider.addEventListener("keydown", (event) => {
    const steps = {
      ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -7, PageUp: 7, Home: -most, End: most,
    };
    if (event.key === "Enter" && open) open(current());
    if (!(event.key in steps)) return;
    event.preventDefault();
    read(Math.min(most, Math.max(0, current() + steps[event.key])));
  });
  const follow = (event) => {
    const box = slider.getBoundingClientRect();
    const value = at(event.clientX - box.left, event.clientY - box.top);
    if (value != null && value >= 0) read(value);
    return value;
  };
  slider.addEventListener("pointermove", follow);
  slider.addEventListener("click", (event) => {
    const value = follow(event);
    if (open && value != null && value >= 0) open(value);
  });
  figure.append(slider);
  figure.before(readout);
  read(start);
}

// ---- The board's charts

function showMap() {
  const host = find('[data-chart="map"]');
  const least = data.thresholds.moderately_viral_min_coefficient;
  const points = [...movies.movie_id.keys()]
    .filter((row) => movies.weekly_pct_change[row] != null && movies.viral_coefficient[row] != null)
    .map((row) => ({
      row,
      title: movies.title[row],
      change: movies.weekly_pct_change[row],
      score: movies.viral_coefficient[row],
      popularity: movies.current_popularity[row],
      isViral: movies.viral_coefficient[row] >= least,
    }))
    .sort((one, other) => other.score - one.score || other.popularity - one.popularity);
  host.parentElement.querySelector(".readout")?.remove();
  if (!points.length) {
    host.replaceChildren(make("p", { class: "empty" },
      `The map needs a change of a week, so 8 days of popularity: ${data.days.length} so far.`));
    return;
  }
  const chart = drawMap(host, points);
  addReader(host, {
    label: "Movies of the map, by viral coefficient",
    most: points.length - 1,
    start: 0,
    write: (index) => [
      points[index].title, `${percent(points[index].change)} in the week`,
      `viral coefficient ${score(points[index].score)}`, `popularity ${number(points[index].popularity)}`,
    ],
    mark: (index) => chart.mark(points[index]),
    at: (x, y) => {
      const found = chart.movieAt(x, y);
      return found ? points.indexOf(found) : null;
    },
    open: (index) => { location.hash = `#movie/${movies.movie_id[points[index].row]}`; },
  });
}

function showCharts() {
  const draw = {
    genres: (host) => drawGenres(host, data.genres),
    cohorts: (host) => drawCohorts(host, data.cohorts),
    days: (host) => drawCalendar(host, data.days, data.catalogue_days, data.thresholds.published_min_coverage),
    outlook: (host) => drawOutlookCoverage(host, data.outlook.days, data.promise),
  };
  for (const [name, chart] of Object.entries(draw)) {
    const host = find(`[data-chart="${name}"]`);
    if (host) chart(host);
  }
  if (find('[data-chart="map"]')) showMap();
}

function showSparklines() {
  for (const host of document.querySelectorAll("[data-spark]")) {
    const row = rowOf.get(Number(host.dataset.spark));
    drawSparkline(host, seriesOf(row), movies.weekly_pct_change[row]);
  }
}

// ---- The page of a movie

function figureOf(label, value, note) {
  return make("div", {}, make("dt", {}, label), make("dd", {}, value, note ? make("small", {}, note) : null));
}

function headline(row) {
  const of = (name) => movies[name][row];
  const votes = of("current_vote_count");
  return make("dl", { class: "figures" },
    figureOf("Rank", `#${whole(of("popularity_rank"))}`, `best #${whole(of("peak_rank"))} on ${dayText(of("peak_date"))}`),
    figureOf("Popularity", number(of("current_popularity")), `7-day average ${number(of("popularity_7d_ma"))}`),
    figureOf("Week", percent(of("weekly_pct_change")), `day ${percent(of("daily_pct_change"))}`),
    figureOf("Momentum", of("momentum_status"), of("momentum_reason")),
    figureOf("Viral coefficient", score(of("viral_coefficient")), of("virality_category")),
    figureOf("Votes", whole(votes), votes == null ? "none known so far" : votesNote(of)));
}

function votesNote(of) {
  const perDay = of("avg_daily_votes_7d");
  return [
    of("vote_average") == null ? null : `rated ${number1(of("vote_average"))}`,
    ...(perDay == null ? ["votes a day not known so far"] : [`${number1(perDay)} a day`, of("engagement_level")]),
  ].filter((part) => part != null).join(", ");
}

function outlookOf(row) {
  const [low, middle, high] = ["_low", "", "_high"].map((end) => movies[`popularity_outlook_7d${end}`][row]);
  return low > 0 && high > 0 ? { low, middle, high } : null;
}

// A movie that is new begins where it does, but with a month at least.
function firstDayShown(series) {
  const first = series.findIndex((value) => value != null);
  return Math.max(0, Math.min(first, series.length - DAYS_SHOWN_AT_LEAST));
}

function movieChart(row) {
  const id = movies.movie_id[row];
  const series = seriesOf(row);
  const average = movingAverage(series, data.thresholds.average_7d_min_days_observed);
  average[average.length - 1] = movies.popularity_7d_ma[row];
  const from = firstDayShown(series);
  const movie = {
    title: movies.title[row],
    days: data.days.slice(from),
    missing: data.missing,
    series: series.slice(from),
    average: average.slice(from),
    votes: votesOf(row).slice(from),
    outlook: outlookOf(row),
    breakouts: data.breakouts.filter((each) => each.movie_id === id).map((each) => each.started_on),
  };
  const host = make("div", { class: "chart-host" });
  const isLog = make("input", { type: "checkbox", id: "log", checked: true });
  const legend = make("ul", { class: "legend" },
    ...[["popularity", "popularity"], ["average", "7-day average"], ["fan", "outlook, 8 of 10"], ["breakout", "breakout"], ["gap", "day missing"]]
      .map(([css, words]) => make("li", {}, make("span", { class: `key ${css}` }), words)),
    make("li", { class: "switch" }, make("label", {}, isLog, " log scale")));
  const figure = make("figure", { class: "fig" }, legend, host,
    make("figcaption", {}, outlookWords(movie.outlook), movie.votes.some((value) => value != null) ? ""
      : " Votes of a day are counted from the first daily run on; none are known so far.",
      isCoarse(row) ? ` Past days of a movie beyond place ${whole(data.fine_ranks)} are to the nearest 2 %.` : ""),
    valuesTable(movie));
  const draw = () => {
    const chart = drawMovie(host, movie, isLog.checked);
    figure.querySelector(".readout")?.remove();
    const last = movie.days.length - 1;
    addReader(host, {
      label: "Day",
      most: last,
      start: last,
      write: (day) => [
        dayText(movie.days[day]), `popularity ${number(movie.series[day])}`,
        `7-day average ${number(movie.average[day])}`, `votes ${votesText(movie.votes[day])}`,
      ],
      mark: chart.mark,
      at: chart.dayAt,
    });
  };
  isLog.addEventListener("change", draw);
  return { figure, draw };
}

function outlookWords(outlook) {
  const isAny = movies.popularity_outlook_7d_low.some((value) => value != null);
  if (!outlook) return isAny ? "No outlook: too few movies were in the same state in the last 5 weeks." : data.no_outlook;
  return `In 7 days ${number(outlook.low)} to ${number(outlook.high)}, as 8 of 10 movies in the same state did. `
    + "The middle is hardly better than “as today”: read the bounds.";
}

function valuesTable(movie) {
  const details = make("details", {}, make("summary", {}, "The same values as a table"));
  details.addEventListener("toggle", () => {
    if (details.childElementCount > 1) return;
    const head = ["Day", "Popularity", "7-day average", "Votes"].map((label, index) =>
      make("th", { scope: "col", class: index ? null : "text" }, label));
    const rows = movie.days.map((day, index) => make("tr", {}, make("td", { class: "text" }, dayText(day)),
      ...[number(movie.series[index]), number(movie.average[index]), votesText(movie.votes[index])]
        .map((value) => make("td", {}, value)))).reverse();
    details.append(make("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Values of each day" },
      make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))));
  });
  return details;
}

// Which of its own levels a movie is measured by: expected_level of movie_viral_signals.
const LEVELS = {
  days_3_to_6: ", against 3 to 6 days before",
  last_week: ", against the week before",
  weeks_before: ", against the weeks before",
};

function whyThisScore(row) {
  const of = (name) => movies[name][row];
  const cells = (values) => values.map((value, index) => make("td", { class: index ? null : "text" }, value));
  const head = ["Evidence", "Seen", "Expected", "Surprise", "Share"].map((label, index) =>
    make("th", { scope: "col", class: index ? null : "text" }, label));
  const body = make("tbody", {},
    make("tr", {}, ...cells(["Votes in 3 days", whole(of("votes_3d")), number1(of("votes_3d_expected")),
      sigmas(of("z_votes")), signed(of("surge_from_votes"))])),
    make("tr", {}, ...cells([`Popularity, mean of 2 days${LEVELS[of("expected_level")] ?? ""}`, number(of("popularity_now")), number(of("popularity_expected")),
      sigmas(of("z_popularity")), signed(of("surge_from_popularity"))])),
    make("tr", { class: "sum" }, ...cells(["Surge", "", "", "", signed(of("surge"))])));
  const sum = of("viral_coefficient") == null
    ? "No viral coefficient: there is too little history."
    : `A surge of ${signed(of("surge"))} makes a viral coefficient of ${number1(of("viral_coefficient"))} of 100: ${of("virality_category")}.`;
  return make("section", { "aria-labelledby": "why-title" }, make("h2", { id: "why-title" }, "Why this score"),
    make("p", { class: "ask" }, sum, data.no_votes ? ` ${data.no_votes}` : ""),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Evidence" }, make("table", { "aria-labelledby": "why-title" },
      make("thead", {}, make("tr", {}, ...head)), body)));
}

function whereItIs(row) {
  const lists = [
    ["Viral board", "not_in_top_viral_because", "#viral"],
    ["Gaining", "not_in_top_gaining_because", "#movers"],
    ["Emerging", "not_in_emerging_because", "#emerging"],
  ];
  const items = lists.map(([name, column, target]) => {
    const reason = movies[column][row];
    return make("li", {}, make("a", { href: target }, name), reason ? `: not on it, ${reason}` : ": on it");
  });
  return make("section", { "aria-labelledby": "lists-title" }, make("h2", { id: "lists-title" }, "On the lists"),
    make("ul", { class: "reasons" }, ...items));
}

function breakoutsOf(row) {
  const own = data.breakouts.filter((each) => each.movie_id === movies.movie_id[row]);
  const items = own.map((each) => make("li", {}, make("b", {}, dayText(each.started_on)), ` ${each.evidence}`));
  return make("section", { "aria-labelledby": "breakouts-title" }, make("h2", { id: "breakouts-title" }, "Breakouts"),
    own.length ? make("ul", { class: "reasons" }, ...items)
      : make("p", { class: "empty" }, data.days.length === 1 ? "None on the one day shown." : `None in the ${data.days.length} days shown.`));
}

function showMovie(id) {
  const row = rowOf.get(id);
  const host = find("#movie");
  const back = make("p", { class: "back" }, make("a", { href: "#" }, "← The board"));
  if (row === undefined) {
    drawMovieChart = () => {};
    host.replaceChildren(back, make("h1", { tabindex: "-1" }, "Not tracked"),
      make("p", { class: "empty" }, `Movie ${id} is not among the ${whole(movies.movie_id.length)} movies of this page.`));
    return;
  }
  const { figure, draw } = movieChart(row);
  drawMovieChart = draw;
  const released = movies.release_date[row];
  const facts = [released ? `Released ${onDay(released, { day: "numeric", month: "long", year: "numeric" })}` : "No release date",
    ...(movies.genres[row].length ? [movies.genres[row].join(", ")] : [])].join(" · ");
  host.replaceChildren(back,
    make("h1", { tabindex: "-1" }, make("bdi", {}, movies.title[row])),
    make("p", { class: "ask" }, `${facts} · `,
      make("a", { href: `https://www.themoviedb.org/movie/${id}`, rel: "noreferrer" }, `TMDB ${id}`)),
    headline(row), figure, make("div", { class: "two" }, whyThisScore(row), make("div", {}, whereItIs(row), breakoutsOf(row))));
  draw();
}

// ---- Routes: #movie/ID, a section of the board, or its top

let boardScroll = 0;
let isOnBoard = true;
let drawMovieChart = () => {};

function route() {
  const movie = /^#movie\/(\d+)$/.exec(location.hash);
  if (movie) {
    if (isOnBoard) boardScroll = scrollY;
    find("#board").hidden = true;
    find("#movie").hidden = false;
    showMovie(Number(movie[1]));
    scrollTo(0, 0);
    find("#movie h1").focus({ preventScroll: true });
  } else {
    const wasOnMovie = !isOnBoard;
    find("#movie").hidden = true;
    find("#board").hidden = false;
    if (wasOnMovie) showCharts();
    const section = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (section) section.scrollIntoView();
    else if (wasOnMovie) scrollTo(0, boardScroll);
  }
  isOnBoard = !movie;
}

function redraw() {
  if (isOnBoard) showCharts();
  else drawMovieChart();
}

// On paper charts are redrawn, as wide as the paper: scaled down, their words would be
// too small to read.
function redrawForPaper() {
  for (const [event, isPaper] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      document.documentElement.classList.toggle("paper", isPaper);
      redraw();
    });
  }
}

// ---- Theme, folded tables, scrolling tables

function startTheme() {
  const button = find("#theme");
  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    show();
  });
  show();
}

function unfoldOnDemand() {
  for (const button of document.querySelectorAll("[data-unfold]")) {
    button.addEventListener("click", () => {
      document.getElementById(button.dataset.unfold).classList.remove("folded");
      button.parentElement.remove();
    });
  }
}

async function start() {
  await readData();
  performance.mark("data");
  document.documentElement.classList.add("scripted");
  startTheme();
  unfoldOnDemand();
  if (data.days.length) {
    showSparklines();
    fillFilters();
    showAllMovies();
    startSearch();
  }
  showCharts();
  route();
  addEventListener("hashchange", route);
  redrawForPaper();
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    redraw();
  });
  performance.measure("render", "data");
  document.documentElement.dataset.ready = "";
}

start();
