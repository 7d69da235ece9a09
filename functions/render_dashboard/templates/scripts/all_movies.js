// The table of all movies: filters, sort, a hundred rows at a time.

const ROWS_AT_ONCE = 100;

// A column with a key sorts by it; `cell` makes a row's content.
const COLUMNS = [
  { label: "#", key: "popularity_rank", cell: (row) => [whole(movies.popularity_rank[row])] },
  { label: "Movie", key: "title", css: "text", cell: movieLink },
  { label: "30 days", css: "chart wide-only", cell: (row) => [sparkline(row)] },
  {
    label: "Popularity",
    key: "current_popularity",
    cell: (row) => [number(movies.current_popularity[row])],
  },
  {
    label: "Week",
    key: "weekly_pct_change",
    cell: (row) => [percentCell(movies.weekly_pct_change[row])],
  },
  {
    label: "Places",
    key: "rank_change_7d",
    css: "wide-only desk-only",
    cell: (row) => [changeOfRank(movies.rank_change_7d[row])],
  },
  {
    label: "Peak",
    key: "peak_rank",
    css: "wide-only desk-only",
    cell: (row) => [whole(movies.peak_rank[row])],
  },
  {
    label: "Momentum",
    key: "momentum_status",
    css: "text wide-only",
    cell: (row) => [movies.momentum_status[row]],
  },
  {
    label: "Score",
    key: "viral_coefficient",
    cell: (row) => [score(movies.viral_coefficient[row])],
  },
  {
    label: "Class",
    key: "virality_category",
    css: "text wide-only",
    cell: (row) => [movies.virality_category[row]],
  },
  {
    label: "Votes a day",
    key: "avg_daily_votes_7d",
    css: "wide-only",
    cell: (row) => [number1(movies.avg_daily_votes_7d[row])],
  },
];
const ASCENDING_FIRST = new Set([
  "popularity_rank", "title", "peak_rank", "momentum_status", "virality_category",
]);
const view = { key: "popularity_rank", isDescending: false, most: ROWS_AT_ONCE };

function filteredRows() {
  const words = fold(find("#title-filter").value.trim());
  const genre = find("#genre-filter").value;
  const category = find("#class-filter").value;
  return [...movies.movie_id.keys()].filter((row) =>
    movies.folded[row].includes(words)
    && (!genre || movies.genres[row].includes(genre))
    && (!category || movies.virality_category[row] === category));
}

// What is not known comes last, however it is sorted.
function sorted(rows) {
  const column = movies[view.key];
  const sign = view.isDescending ? -1 : 1;
  return rows.sort((one, other) => {
    const [a, b] = [column[one], column[other]];
    if (a == null || b == null) return (a == null) - (b == null);
    return sign * (typeof a === "string" ? a.localeCompare(b, "en") : a - b);
  });
}

function headerCell({ label, key, css }) {
  if (!key) return make("th", { scope: "col", class: css }, label);
  const order = view.isDescending ? "descending" : "ascending";
  const button = make("button", { type: "button", "data-sort": key }, label);
  button.addEventListener("click", () => sortBy(key));
  const sort = view.key === key ? order : null;
  return make("th", { scope: "col", class: css, "aria-sort": sort }, button);
}

function sortBy(key) {
  view.isDescending = view.key === key ? !view.isDescending : !ASCENDING_FIRST.has(key);
  view.key = key;
  showAllMovies();
  find(`[data-sort="${key}"]`).focus();
}

function showAllMovies() {
  const rows = sorted(filteredRows());
  const shown = rows.slice(0, view.most);
  find("#all-table").replaceChildren(rows.length
    ? make("div", { class: "scroll" }, tableOfMovies(shown))
    : make("p", { class: "empty" },
      "No movie has this title, genre and class: clear one of the filters."));
  const isCut = rows.length > shown.length;
  const count = `${whole(rows.length)} of ${whole(movies.movie_id.length)} movies`;
  const cut = isCut ? `, the first ${whole(shown.length)} shown` : "";
  find("#all-count").textContent = count + cut;
  find("#all-more").hidden = !isCut;
}

function tableOfMovies(rows) {
  const cells = (row) => COLUMNS.map(({ css, cell }) => make("td", { class: css }, ...cell(row)));
  return make("table", { "aria-labelledby": "all-title" },
    make("thead", {}, make("tr", {}, ...COLUMNS.map(headerCell))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells(row)))));
}

function startAllMovies() {
  const options = (values) => [...new Set(values)].sort().map((word) => make("option", {}, word));
  find("#genre-filter").append(...options((movies.genres ?? []).flat()));
  find("#class-filter").append(...options(movies.virality_category ?? []));
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
  showAllMovies();
}
