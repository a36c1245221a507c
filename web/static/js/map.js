// The points of the map are one stop of the Tab key; the arrow keys go to the nearest point in their direction.

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function map(picture) {
  const points = [...picture.querySelectorAll(".map-point")];
  const place = new Map(points.map((point) => {
    const { e, f } = point.transform.baseVal.consolidate().matrix;
    return [point, [e, f]];
  }));
  let current = points[0];
  points.forEach((point) => point.setAttribute("tabindex", point === current ? "0" : "-1"));

  function choose(point) {
    current.setAttribute("tabindex", "-1");
    current = point;
    current.setAttribute("tabindex", "0");
  }

  // What lies to the side counts double: a key goes where it points.
  function next([right, down]) {
    const [x, y] = place.get(current);
    let best = null;
    let least = Infinity;
    for (const [point, [px, py]] of place) {
      const along = (px - x) * right + (py - y) * down;
      const away = along + 2 * Math.abs((px - x) * down + (py - y) * right);
      if (along > 0 && away < least) [best, least] = [point, away];
    }
    return best;
  }

  picture.addEventListener("focusin", (event) => {
    const point = event.target.closest(".map-point");
    if (!point) return;
    choose(point);
    // A browser brings a point into view with its words, which may leave the mark itself outside.
    point.querySelector(".map-mark").scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  picture.addEventListener("keydown", (event) => {
    const direction = DIRECTIONS[event.key];
    if (!direction || !event.target.closest(".map-point") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    next(direction)?.focus();
  });
}
