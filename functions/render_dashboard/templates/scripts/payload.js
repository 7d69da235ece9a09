// The data of the page: columns in, see encoding.py; rows are their indices.

let data;
let movies;
let rowOf;

const POPULARITY_COLUMNS = [
  "current_popularity", "popularity_7d_ma", "popularity_outlook_7d", "popularity_outlook_7d_low",
  "popularity_outlook_7d_high", "popularity_now", "popularity_expected",
];

async function readData() {
  data = await decompressed(find("#data").textContent);
  movies = data.movies;
  for (const [name, column] of Object.entries(movies)) {
    if (column.words) movies[name] = column.codes.map((code) => wordsOf(code, column.words));
  }
  movies.movie_id ??= [];
  for (const name of POPULARITY_COLUMNS) movies[name] = movies[name]?.map(popularityOf);
  movies.folded = movies.title?.map(fold);
  rowOf = new Map(movies.movie_id.map((id, row) => [id, row]));
}

function decompressed(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

// A code is null where there is no word, and a list where there are many: the genres.
function wordsOf(code, words) {
  if (Array.isArray(code)) return code.map((each) => words[each]);
  return code == null ? null : words[code];
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

// Popularity of each day; decoded once.
function seriesOf(row) {
  const column = movies.popularity;
  if (typeof column[row] === "string") {
    const decode = isCoarse(row) ? coarsePopularityOf : popularityOf;
    let code = 0;
    const series = numbersOf(column[row]).map((step) => {
      if (step == null) return null;
      code += step;
      return decode(code);
    });
    // The newest day is that of the headline, exactly.
    if (series.at(-1) != null) series[series.length - 1] = movies.current_popularity[row];
    column[row] = series;
  }
  return column[row];
}

// Sent in sixths: after a gap, votes are spread over its days.
const votesOf = (row) =>
  numbersOf(movies.votes[row]).map((sixths) => (sixths == null ? null : sixths / 6));

// The mean of the observed of 7 days, as in v_popularity_7d_moving_average.
function movingAverage(series, leastDays) {
  return series.map((_, day) => {
    const observed = series.slice(Math.max(0, day - 6), day + 1).filter((value) => value != null);
    if (observed.length < leastDays) return null;
    return observed.reduce((sum, value) => sum + value, 0) / observed.length;
  });
}
