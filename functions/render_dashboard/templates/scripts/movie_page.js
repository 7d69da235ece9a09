// The page of a movie, around its figure.

let drawMovieChart = () => {};

function showMovie(id) {
  const row = rowOf.get(id);
  const back = make("p", { class: "back" }, make("a", { href: "#" }, "← The board"));
  if (row === undefined) {
    drawMovieChart = () => {};
    find("#movie").replaceChildren(back,
      make("h1", { tabindex: "-1" }, "Not tracked"),
      make("p", { class: "empty" },
        `Movie ${id} is not among the ${whole(movies.movie_id.length)} movies of this page.`));
    return;
  }
  const { figure, draw } = movieFigure(row);
  find("#movie").replaceChildren(back,
    make("h1", { tabindex: "-1" }, make("bdi", {}, movies.title[row])),
    movieFacts(row, id),
    headline(row),
    figure,
    make("div", { class: "two" },
      whyThisScore(row),
      make("div", {}, whereItIs(row), breakoutsOf(row))));
  drawMovieChart = draw;
  draw();
}

function movieFacts(row, id) {
  const released = movies.release_date[row];
  const facts = [released ? `Released ${longDayText(released)}` : "No release date"];
  if (movies.genres[row].length) facts.push(movies.genres[row].join(", "));
  const href = `https://www.themoviedb.org/movie/${id}`;
  return make("p", { class: "ask" },
    `${facts.join(" · ")} · `, make("a", { href, rel: "noreferrer" }, `TMDB ${id}`));
}

function headline(row) {
  const of = (name) => movies[name][row];
  const peak = `best #${whole(of("peak_rank"))} on ${dayText(of("peak_date"))}`;
  const average = `7-day average ${number(of("popularity_7d_ma"))}`;
  const day = `day ${percent(of("daily_pct_change"))}`;
  return make("dl", { class: "figures" },
    keyFigure("Rank", `#${whole(of("popularity_rank"))}`, peak),
    keyFigure("Popularity", number(of("current_popularity")), average),
    keyFigure("Week", percent(of("weekly_pct_change")), day),
    keyFigure("Momentum", of("momentum_status"), of("momentum_reason")),
    keyFigure("Viral coefficient", score(of("viral_coefficient")), of("virality_category")),
    keyFigure("Votes", whole(of("current_vote_count")), votesNote(of)));
}

function keyFigure(label, value, note) {
  const small = note ? make("small", {}, note) : null;
  return make("div", {}, make("dt", {}, label), make("dd", {}, value, small));
}

function votesNote(of) {
  if (of("current_vote_count") == null) return "none known so far";
  const parts = [];
  if (of("vote_average") != null) parts.push(`rated ${number1(of("vote_average"))}`);
  const perDay = of("avg_daily_votes_7d");
  if (perDay == null) parts.push("votes a day not known so far");
  else parts.push(`${number1(perDay)} a day`, of("engagement_level"));
  return parts.filter((part) => part != null).join(", ");
}

// A section with a heading of its own.
function titled(id, title, ...children) {
  const heading = make("h2", { id: `${id}-title` }, title);
  return make("section", { "aria-labelledby": `${id}-title` }, heading, ...children);
}

// Which of its own levels a movie is measured by: expected_level of movie_viral_signals.
const LEVELS = {
  days_3_to_6: ", against 3 to 6 days before",
  last_week: ", against the week before",
  weeks_before: ", against the weeks before",
};

const EVIDENCE = [
  { label: "Evidence", css: "text" },
  { label: "Seen" },
  { label: "Expected" },
  { label: "Surprise" },
  { label: "Share" },
];

function whyThisScore(row) {
  const of = (name) => movies[name][row];
  const table = makeTable({ "aria-labelledby": "why-title" }, EVIDENCE, [
    [
      "Votes in 3 days",
      whole(of("votes_3d")),
      number1(of("votes_3d_expected")),
      sigmas(of("z_votes")),
      signed(of("surge_from_votes")),
    ],
    [
      `Popularity, mean of 2 days${LEVELS[of("expected_level")] ?? ""}`,
      number(of("popularity_now")),
      number(of("popularity_expected")),
      sigmas(of("z_popularity")),
      signed(of("surge_from_popularity")),
    ],
    ["Surge", "", "", "", signed(of("surge"))],
  ]);
  table.tBodies[0].lastElementChild.className = "sum";
  return titled("why", "Why this score",
    make("p", { class: "ask" }, scoreWords(of), data.no_votes ? ` ${data.no_votes}` : ""),
    makeRegion("Evidence", "scroll", table));
}

function scoreWords(of) {
  const coefficient = of("viral_coefficient");
  if (coefficient == null) return "No viral coefficient: there is too little history.";
  return `A surge of ${signed(of("surge"))} makes a viral coefficient of ${number1(coefficient)} `
    + `of 100: ${of("virality_category")}.`;
}

const LISTS = [
  ["Viral board", "not_in_top_viral_because", "#viral"],
  ["Gaining", "not_in_top_gaining_because", "#movers"],
  ["Emerging", "not_in_emerging_because", "#emerging"],
];

function whereItIs(row) {
  const items = LISTS.map(([name, column, href]) => {
    const reason = movies[column][row];
    return make("li", {}, make("a", { href }, name), reason ? `: not on it, ${reason}` : ": on it");
  });
  return titled("lists", "On the lists", make("ul", { class: "reasons" }, ...items));
}

function breakoutsOf(row) {
  const own = data.breakouts.filter((each) => each.movie_id === movies.movie_id[row]);
  if (!own.length) {
    const days = data.days.length;
    const none = days === 1 ? "None on the one day shown." : `None in the ${days} days shown.`;
    return titled("breakouts", "Breakouts", make("p", { class: "empty" }, none));
  }
  const items = own.map((each) =>
    make("li", {}, make("b", {}, dayText(each.started_on)), ` ${each.evidence}`));
  return titled("breakouts", "Breakouts", make("ul", { class: "reasons" }, ...items));
}
