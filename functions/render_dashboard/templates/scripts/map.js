// Change of a week against viral coefficient, a dot per movie.

const MAP_CHANGES = [-90, -50, -20, 0, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const MAP_SCORES = [0, 20, 40, 60, 80, 100];
const DOT_RADII = [2, 3, 4.5, 6.5, 9, 13];
const LABEL_LETTERS = 26;

// Linear near zero, logarithmic beyond 20 %, either way.
const symlog = (percent) => Math.sign(percent) * Math.log1p(Math.abs(percent) / 20);

// Returns how to mark a movie and which movie is at a pixel, for the reader of values.
function drawMap(host, movies) {
  const isSmall = host.clientWidth < 600;
  const height = isSmall ? 400 : 460;
  const { image, width } = canvas(host, height,
    `Change of popularity in a week against viral coefficient: ${movies.length} movies`);
  const frame = mapFrame(movies, width, height);
  drawMapAxes(image, frame);
  const dots = movies.map((movie) => ({
    movie,
    x: frame.x(movie.change),
    y: frame.y(movie.score),
    r: dotRadius(movie),
    tone: toneOf(movie),
  }));
  drawDots(image, dots);
  drawMapLabels(image, dots, isSmall ? 6 : 18, frame);
  const ring = svg("circle", { class: "ring", visibility: "hidden" });
  image.append(ring);
  return {
    mark: (movie) => moveRing(ring, dots.find((dot) => dot.movie === movie)),
    movieAt: (x, y) => nearestDot(dots, x, y)?.movie,
  };
}

function mapFrame(movies, width, height) {
  const [left, right, top, bottom] = [40, width - 18, 16, height - 48];
  const changes = movies.map((movie) => symlog(movie.change));
  const low = Math.min(-1, ...changes) * 1.05;
  const high = Math.max(1, ...changes) * 1.08;
  const spread = linearScale(low, high, left, right);
  return {
    left, right, top, bottom,
    x: (percent) => spread(symlog(percent)),
    y: linearScale(0, 100, bottom, top),
  };
}

function dotRadius({ popularity }) {
  const doublings = Math.floor(Math.log2(1 + popularity / 4));
  return DOT_RADII[Math.min(DOT_RADII.length - 1, doublings)];
}

function toneOf(movie) {
  if (movie.isViral) return "hot";
  return Math.abs(movie.change) < 10 ? "flat" : directionOf(movie.change);
}

function drawMapAxes(image, { x, y, left, right, top, bottom }) {
  let lastX = -Infinity;
  for (const tick of MAP_CHANGES) {
    if (x(tick) < left || x(tick) > right) continue;
    const css = tick ? "grid" : "zero";
    image.append(svg("line", { class: css, x1: x(tick), x2: x(tick), y1: top, y2: bottom }));
    if (x(tick) - lastX < 46) continue;
    lastX = x(tick);
    const words = `${signed(tick, 0)} %`;
    image.append(svg("text", { x: x(tick), y: bottom + 22, "text-anchor": "middle" }, words));
  }
  drawValueAxis(image, MAP_SCORES, y, { left, right });
  const names = ["popularity, change of the week →", "↑ viral coefficient"];
  image.append(
    svg("text", { x: right, y: bottom + 42, "text-anchor": "end" }, names[0]),
    svg("text", { x: left + 4, y: top - 5 }, names[1]),
  );
}

// Dots of one colour and size are one path: ten thousand elements would take a second.
function drawDots(image, dots) {
  const groups = [...Map.groupBy(dots, (dot) => `${dot.tone} ${dot.r}`).values()];
  groups.sort(([one], [other]) => other.r - one.r);
  for (const group of groups) {
    image.append(svg("path", {
      class: `dots ${group[0].tone}`,
      "stroke-width": 2 * group[0].r,
      d: group.map((dot) => dotPath([dot.x, dot.y])).join(""),
    }));
  }
}

// Name the movies that stand out, each where its text covers no other and no large dot.
function drawMapLabels(image, dots, most, frame) {
  const names = svg("g");
  image.append(names);
  const candidates = dots.toSorted((one, other) => prominence(other) - prominence(one));
  candidates.length = Math.min(candidates.length, 4 * most);
  const taken = candidates.map(({ x, y, r }) => [x - r, y - r, x + r, y + r]);
  for (const dot of candidates) {
    if (names.childElementCount === most) break;
    const text = svg("text", { class: "name" }, shortened(dot.movie.title, LABEL_LETTERS));
    names.append(text);
    const { width } = text.getBBox();
    const free = labelPlaces(dot, width).find((at) => isFree(labelBox(at, width), taken, frame));
    if (!free) {
      text.remove();
      continue;
    }
    text.setAttribute("x", free[0]);
    text.setAttribute("y", free[1]);
    taken.push(labelBox(free, width));
  }
}

const prominence = ({ movie }) => movie.score + 22 * Math.abs(symlog(movie.change));

// Where a label's text may begin: right of its dot, left, above, below.
function labelPlaces({ x, y, r }, width) {
  return [
    [x + r + 4, y + 4],
    [x - r - 4 - width, y + 4],
    [x - width / 2, y - r - 5],
    [x - width / 2, y + r + 13],
  ];
}

const labelBox = ([x, y], width) => [x - 2, y - 12, x + width + 2, y + 4];

function isFree(box, taken, { left, right, top, bottom }) {
  const isInside = box[0] >= left && box[2] <= right && box[1] >= top && box[3] <= bottom;
  return isInside && !taken.some((other) => overlap(box, other));
}

const overlap = (one, other) =>
  one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];

function moveRing(ring, dot) {
  ring.setAttribute("cx", dot.x);
  ring.setAttribute("cy", dot.y);
  ring.setAttribute("r", dot.r + 3);
  ring.setAttribute("visibility", "visible");
}

// The dot whose edge is nearest, within 24 pixels.
function nearestDot(dots, x, y) {
  let nearest = null;
  let least = 24;
  for (const dot of dots) {
    const distance = Math.hypot(dot.x - x, dot.y - y) - dot.r;
    if (distance < least) [nearest, least] = [dot, distance];
  }
  return nearest;
}
