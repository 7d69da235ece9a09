// What happens when the page is opened. The last file: all others are loaded by then.

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

async function start() {
  await readData();
  performance.mark("data");
  document.documentElement.classList.add("scripted");
  startTheme();
  unfoldOnDemand();
  if (data.days.length) {
    showSparklines();
    startAllMovies();
    startSearch();
  }
  showCharts();
  route();
  addEventListener("hashchange", route);
  redrawForPaper();
  redrawOnResize();
  performance.measure("render", "data");
  document.documentElement.dataset.ready = "";
}

start();
