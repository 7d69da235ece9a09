// Scales turn a value into a pixel; ticks are the values that an axis names.

function linearScale(low, high, from, to) {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

function logScale(low, high, from, to) {
  const scale = linearScale(Math.log(low), Math.log(high), from, to);
  return (value) => scale(Math.log(value));
}

function linearTicks(low, high, most = 5) {
  const rough = (high - low) / most;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const ticks = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) {
    ticks.push(Number(value.toFixed(10)));
  }
  return ticks;
}

// 1, 2, 5, 10, 20 ... between two bounds, thinned to a handful.
function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const step of [1, 2, 5]) {
      const value = step * 10 ** power;
      if (value >= low && value <= high) ticks.push(value);
    }
  }
  const powers = ticks.filter((value) => Number.isInteger(Math.log10(value)));
  if (ticks.length > 7 && powers.length > 1) return powers;
  return ticks.length > 1 ? ticks : linearTicks(low, high, 4);
}

const tickText = (value) => value.toLocaleString("en", { maximumFractionDigits: 2 });

function drawValueAxis(image, ticks, y, { left, right }, write = tickText) {
  for (const tick of ticks) {
    image.append(
      svg("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, write(tick)),
    );
  }
}

// Days, from the newest back, as many as the width has room for.
function drawDayAxis(image, days, x, baseline, width) {
  const every = Math.ceil(days.length / Math.max(2, Math.floor(width / 105)));
  for (let day = days.length - 1; day >= 0; day -= every) {
    if (x(day) < 20) continue;
    const words = dayText(days[day]);
    image.append(svg("text", { x: x(day), y: baseline, "text-anchor": "middle" }, words));
  }
}
