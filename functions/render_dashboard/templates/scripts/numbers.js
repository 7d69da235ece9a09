// Numbers, days and words as wording.py writes them.

const NOTHING = "–";

function fixed(value, decimals) {
  const text = Math.abs(value).toLocaleString("en", {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  });
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

// Three digits that count: 0.52, 5.83, 44.9, 1,234.
function number(value) {
  if (value == null) return NOTHING;
  const size = Math.abs(value);
  if (size < 9.995) return fixed(value, 2);
  return fixed(value, size < 99.95 ? 1 : 0);
}

const whole = (value) => (value == null ? NOTHING : fixed(value, 0));
const number1 = (value) => (value == null ? NOTHING : fixed(value, 1));

// Votes of a day are whole, except after a gap, which they are spread over.
const votesText = (value) => (Number.isInteger(value) ? whole(value) : number1(value));

// A viral coefficient is cut and not rounded: 59.9 is not in the class of 60.
const score = (value) => (value == null ? NOTHING : whole(Math.floor(value)));

function signed(value, decimals = 1) {
  if (value == null) return NOTHING;
  const text = fixed(value, decimals);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

const percent = (value) =>
  (value == null ? NOTHING : `${signed(value, Math.abs(value) < 9.95 ? 1 : 0)} %`);

const sigmas = (value) => (value == null ? NOTHING : `${signed(value)}σ`);

function directionOf(value) {
  if (!value) return "flat";
  return value > 0 ? "up" : "down";
}

// ---- Days and words

const onDay = (day, options) =>
  new Date(`${day}T00:00:00Z`).toLocaleDateString("en-GB", { timeZone: "UTC", ...options });
const dayText = (day) => onDay(day, { day: "numeric", month: "short" });
const longDayText = (day) => onDay(day, { day: "numeric", month: "long", year: "numeric" });
const monthText = (day) => onDay(day, { month: "short" });

const shortened = (text, most) => {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join("").trimEnd()}…` : text;
};

// Letters without their accents: "etoile" finds "Étoile".
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
