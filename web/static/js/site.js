// Every page works without this. Each module adds one thing to elements that ask for it by a data attribute or an id.

import { combobox } from "./combobox.js";
import { copying } from "./copying.js";
import { dossier } from "./dossier.js";
import { map } from "./map.js";
import { liveSearch } from "./search.js";

document.documentElement.classList.add("has-script");
document.querySelectorAll("input[data-suggest]").forEach(combobox);
const page = document.getElementById("search_page");
if (page) liveSearch(page);
const picture = document.getElementById("map_points");
if (picture) map(picture);
dossier();
copying();
