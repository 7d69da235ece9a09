// Routes: #movie/ID, a section of the board, or its top.

let boardScroll = 0;
let isOnBoard = true;

function route() {
  const movie = /^#movie\/(\d+)$/.exec(location.hash);
  if (movie) goToMovie(Number(movie[1]));
  else goToBoard();
}

function goToMovie(id) {
  if (isOnBoard) boardScroll = scrollY;
  isOnBoard = false;
  find("#board").hidden = true;
  find("#movie").hidden = false;
  showMovie(id);
  scrollTo(0, 0);
  find("#movie h1").focus({ preventScroll: true });
}

function goToBoard() {
  const wasOnMovie = !isOnBoard;
  isOnBoard = true;
  find("#movie").hidden = true;
  find("#board").hidden = false;
  // Charts have the width of their host, which a hidden board has none of.
  if (wasOnMovie) showCharts();
  const section = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (section) section.scrollIntoView();
  else if (wasOnMovie) scrollTo(0, boardScroll);
}

function redraw() {
  if (isOnBoard) showCharts();
  else drawMovieChart();
}

function redrawOnResize() {
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    redraw();
  });
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
