// The board: what its HTML leaves to the script, which is charts and unfolding.

function showSparklines() {
  for (const host of document.querySelectorAll("[data-spark]")) {
    const row = rowOf.get(Number(host.dataset.spark));
    drawSparkline(host, seriesOf(row), movies.weekly_pct_change[row]);
  }
}

// Charts by the data-chart of their host; a page without the data has no host.
const BOARD_CHARTS = {
  map: showMap,
  genres: (host) => drawGenres(host, data.genres),
  cohorts: (host) => drawCohorts(host, data.cohorts),
  days: (host) =>
    drawCalendar(host, data.days, data.catalogue_days, data.thresholds.published_min_coverage),
  outlook: (host) => drawOutlookCoverage(host, data.outlook.days, data.promise),
};

function showCharts() {
  for (const [name, show] of Object.entries(BOARD_CHARTS)) {
    const host = find(`[data-chart="${name}"]`);
    if (host) show(host);
  }
}

function showMap(host) {
  const points = mapPoints();
  if (!points.length) {
    removeReadout(host);
    host.replaceChildren(make("p", { class: "empty" },
      `The map needs a change of a week, so 8 days of popularity: ${data.days.length} so far.`));
    return;
  }
  const chart = drawMap(host, points);
  addReader(host, {
    label: "Movies of the map, by viral coefficient",
    most: points.length - 1,
    start: 0,
    write: (index) => mapWords(points[index]),
    mark: (index) => chart.mark(points[index]),
    at: (x, y) => {
      const found = chart.movieAt(x, y);
      return found ? points.indexOf(found) : null;
    },
    open: (index) => {
      location.hash = `#movie/${movies.movie_id[points[index].row]}`;
    },
  });
}

// Every movie with a change of a week and a score, the highest score first.
function mapPoints() {
  const least = data.thresholds.moderately_viral_min_coefficient;
  return [...movies.movie_id.keys()]
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
}

function mapWords(point) {
  return [
    point.title,
    `${percent(point.change)} in the week`,
    `viral coefficient ${score(point.score)}`,
    `popularity ${number(point.popularity)}`,
  ];
}

function unfoldOnDemand() {
  for (const button of document.querySelectorAll("[data-unfold]")) {
    button.addEventListener("click", () => {
      document.getElementById(button.dataset.unfold).classList.remove("folded");
      button.parentElement.remove();
    });
  }
}
