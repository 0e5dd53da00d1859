const body = document.querySelector('tbody'), rows = [...body.rows];
const choice = document.querySelector('select');
let last = null, up = 1;
function sortBy(i) {
  up = last === i ? -up : 1;
  last = i;
  const value = row => row.cells[i].dataset.value;
  rows.sort((a, b) => {
    const x = value(a), y = value(b), difference = Number(x) - Number(y);
    return up * (isNaN(difference) ? x.localeCompare(y) : difference);
  });
  body.append(...rows);
}
document.querySelectorAll('th button').forEach(
  (button, i) => button.addEventListener('click', () => sortBy(i)));
choice.addEventListener('change', () => rows.forEach(row => {
  row.hidden = choice.value && row.dataset.class !== choice.value;
}));
choice.closest('p').hidden = false;
// A link to a cell opens it.
function open() {
  const cell = document.getElementById(location.hash.slice(1));
  if (cell && cell.matches('details')) { cell.open = true; cell.scrollIntoView(); }
}
addEventListener('hashchange', open);
open();
