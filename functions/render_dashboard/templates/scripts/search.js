// Search: a list under the box; arrows choose, Enter opens.

const MOST_FOUND = 8;

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
    if (!words) {
      close();
      return;
    }
    list.replaceChildren(...foundOptions(words));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    choose(0);
  };
  const keys = {
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen - 1),
    Enter: () => open(list.children[chosen]),
    Escape: close,
  };

  box.addEventListener("input", show);
  box.addEventListener("focus", show);
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (list.hidden || !keys[event.key]) return;
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

// Rows whose title has the words, those that begin with them first.
function matches(words) {
  const rows = [...movies.movie_id.keys()].filter((row) => movies.folded[row].includes(words));
  const isInside = (row) => !movies.folded[row].startsWith(words);
  return rows.sort((one, other) => isInside(one) - isInside(other)
    || movies.popularity_rank[one] - movies.popularity_rank[other]);
}

function foundOptions(words) {
  const rows = matches(words);
  const found = rows
    .slice(0, MOST_FOUND)
    .map((row) => [`#movie/${movies.movie_id[row]}`, foundWords(row)]);
  if (rows.length > MOST_FOUND) found.push(["#all", [`All ${whole(rows.length)} in the table`]]);
  if (!rows.length) found.push(["#all", ["No movie of that title"]]);
  return found.map(([target, content], index) => make("li", {
    role: "option", id: `found-${index}`, "data-target": target, "aria-selected": "false",
  }, ...content));
}

function foundWords(row) {
  const note = ` ${yearOf(row) ?? ""} #${whole(movies.popularity_rank[row])}`;
  return [make("bdi", {}, movies.title[row]), make("small", {}, note)];
}
