// Reading values off a chart: one slider over it, by pointer and by keyboard.

// most: the greatest value, from 0 on; write: value -> words; mark: shows a value on the
// chart; at: pixel -> value or null; open: what Enter and a click do.
function addReader(figure, { label, most, start, write, mark, at, open }) {
  const readout = make("p", { class: "readout" });
  const slider = make("div", {
    class: "reader", role: "slider", tabindex: "0",
    "aria-label": label, "aria-valuemin": 0, "aria-valuemax": most,
  });
  const steps = {
    ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1,
    PageDown: -7, PageUp: 7, Home: -most, End: most,
  };
  const current = () => Number(slider.getAttribute("aria-valuenow"));
  const read = (value) => {
    const words = write(value);
    slider.setAttribute("aria-valuenow", value);
    slider.setAttribute("aria-valuetext", words.join(", "));
    readout.replaceChildren(...words.map((word) => make("span", {}, word)));
    mark(value);
  };
  const follow = (event) => {
    const box = slider.getBoundingClientRect();
    const value = at(event.clientX - box.left, event.clientY - box.top);
    if (value != null) read(value);
    return value;
  };

  slider.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && open) open(current());
    if (!(event.key in steps)) return;
    event.preventDefault();
    read(Math.min(most, Math.max(0, current() + steps[event.key])));
  });
  slider.addEventListener("pointermove", follow);
  slider.addEventListener("click", (event) => {
    const value = follow(event);
    if (open && value != null) open(value);
  });
  figure.append(slider);
  removeReadout(figure);
  figure.before(readout);
  read(start);
}

// What is read is said above the chart; a chart that is drawn again says it again.
function removeReadout(figure) {
  const before = figure.previousElementSibling;
  if (before?.classList.contains("readout")) before.remove();
}
