// The theme, the search, the folded list of headings, and scrolling by keyboard. Nothing here is
// needed to read: without scripts the controls stay hidden.

const root = document.documentElement;
const byKey = matchMedia("(prefers-color-scheme: dark)");

// Light or dark: as the system says, until the reader chooses.
const themeButton = document.querySelector(".theme");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : byKey.matches);
const nameTheme = () => { themeButton.textContent = isDark() ? "Light" : "Dark"; };
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it lasts for this page */ }
  nameTheme();
});
byKey.addEventListener("change", nameTheme);
nameTheme();
themeButton.hidden = false;

// The headings lie beside the text where there is room, and folded above it where there is none.
const wide = matchMedia("(min-width: 78rem)");
const toc = document.querySelector(".toc details");
const fold = () => { if (toc) toc.open = wide.matches; };
wide.addEventListener("change", fold);
fold();

// What is wider than its box can be scrolled by keyboard, too.
const letScroll = () => {
  for (const box of document.querySelectorAll("pre, .table, .equation, .output_html")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
addEventListener("resize", letScroll);
letScroll();

// The search. Its index is a script, which a page opened from a disk may load as well.
const form = document.querySelector("form[role=search]");
const input = form.querySelector("input");
const panel = form.querySelector(".found");
const status = panel.querySelector("[role=status]");
const list = panel.querySelector("ol");
const MOST = 20;
form.hidden = false;

// Without capitals, accents and kinds of dashes, and as long as before: places stay places.
const plain = (text) => text.replace(/[^\x00-\x7f]/g, (letter) =>
  letter.normalize("NFD")[0].replace(/[‐-―−]/, "-").replace("’", "'")).toLowerCase();

let index;  // a promise of all sections, once the reader turns to the search
function loadIndex() {
  index ??= new Promise((done) => {
    const script = document.createElement("script");
    script.src = "search.js";
    script.onload = () => done(INDEX.flatMap(({ page, title, sections }) =>
      sections.map(([id, heading, ...texts]) => ({ page, title, id, heading,
        name: plain(heading), head: plain(`${title} ${heading}`),
        texts: ["", ...texts].map((text) => ({ text, body: ` ${plain(text)}` })) }))));
    document.head.append(script);
  });
  return index;
}

// The sections with a paragraph that has all words, counting those in titles; the best come first.
function find(sections, words) {
  const found = [];
  for (const section of sections) {
    let best = null;
    for (const { text, body } of section.texts) {
      if (!words.every((word) => section.head.includes(word) || body.includes(word))) continue;
      // The heading itself counts most, then a word in it, then the beginning of a word.
      const score = words.reduce((sum, word) => sum + 8 * section.name.includes(word)
        + 2 * body.includes(` ${word}`) + body.includes(word),
        20 * (section.name === words.join(" ")));
      if (!best || score > best.score) best = { score, text };
    }
    if (best) found.push({ ...section, ...best });
  }
  return found.sort((one, other) => other.score - one.score);
}

// A piece of a text around its first hit, with all hits marked.
function excerpt(text, words) {
  const line = document.createElement("span");
  const hits = words.map((word) => plain(text).indexOf(word)).filter((place) => place >= 0);
  const near = Math.min(...hits, text.length) - 60;
  const start = near > 0 ? text.indexOf(" ", near) + 1 : 0;
  const end = start + 180 < text.length ? text.lastIndexOf(" ", start + 180) : text.length;
  const piece = (start ? "… " : "") + text.slice(start, end) + (end < text.length ? " …" : "");
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  let done = 0;
  for (const hit of plain(piece).matchAll(new RegExp(pattern, "g"))) {
    const mark = document.createElement("mark");
    mark.textContent = piece.slice(hit.index, hit.index + hit[0].length);
    line.append(piece.slice(done, hit.index), mark);
    done = hit.index + hit[0].length;
  }
  line.append(piece.slice(done));
  return line;
}

async function search() {
  const query = input.value;
  const words = plain(query).split(/\s+/).filter(Boolean);
  panel.hidden = !words.length;
  if (panel.hidden) return;
  const found = find(await loadIndex(), words);
  if (query !== input.value) return;  // the reader has typed on
  const more = found.length > MOST ? `, the best ${MOST} of them here` : "";
  status.textContent = found.length === 0 ? "Nothing found"
    : `${found.length} ${found.length === 1 ? "section" : "sections"}${more}`;
  list.replaceChildren(...found.slice(0, MOST).map((one) => {
    const link = document.createElement("a");
    link.href = `${one.page}#${one.id}`;
    const place = document.createElement("b");
    place.textContent = one.heading === one.title ? one.title : `${one.title} › ${one.heading}`;
    link.append(place, excerpt(one.text, words));
    const item = document.createElement("li");
    item.append(link);
    return item;
  }));
}

const close = () => { panel.hidden = true; };
input.addEventListener("focus", loadIndex);
input.addEventListener("input", search);
list.addEventListener("click", close);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!panel.hidden) list.querySelector("a")?.click();
});
form.addEventListener("focusout", (event) => {
  if (event.relatedTarget && !form.contains(event.relatedTarget)) close();
});
addEventListener("click", (event) => { if (!form.contains(event.target)) close(); });
addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, audio");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    input.focus();
  } else if (event.key === "Escape" && !panel.hidden) {
    close();
    input.focus();
  } else if (["ArrowDown", "ArrowUp"].includes(event.key) && form.contains(event.target)) {
    const stops = [input, ...list.querySelectorAll("a")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    event.preventDefault();
    stops[stops.indexOf(document.activeElement) + step]?.focus();
  }
});
