"""The coverage map and the semantic map."""

from __future__ import annotations

from itertools import combinations
from math import hypot
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.datastructures import MultiDict

from kb.backends import Backend
from kb.errors import UsageError
from kb.landscape import Landscape, Place, Region
from kb.types import Document, Query
from tests.conftest import MakeBackend
from tests.web.conftest import GetPage
from web import create_app
from web.atlas import HEIGHT, MARGIN, MOST_DRAWN, WIDTH, View, picture, read_view
from web.coverage import Heading, Shade, coverage, scale

# --- coverage: values ------------------------------------------------------------------------------------------

ROWS = (Heading("help", "Help"), Heading("helplines", "Helplines", 1), Heading("law", "Law"))
COLUMNS = (Heading("contact", "Contact"), Heading("conduct", "Conduct"))


def test_the_table_has_a_cell_for_every_pair() -> None:
    found = coverage("topic", "risk", ROWS, COLUMNS, {("help", "contact"): 16, ("helplines", "contact"): 2})
    assert [[cell.count for cell in row.cells] for row in found.rows] == [[16, 0], [2, 0], [0, 0]]
    assert [[cell.shade for cell in row.cells] for row in found.rows] == [[4, 0], [1, 0], [0, 0]]
    assert found.rows[1].cells[0].query == Query(filters={"topic": ("helplines",), "risk": ("contact",)})
    assert [(gap.heading.id, [cell.column.id for cell in gap.missing], gap.all) for gap in found.gaps] == [
        ("help", ["conduct"], False),
        ("helplines", ["conduct"], False),
        ("law", ["contact", "conduct"], True),
    ]


@pytest.mark.parametrize(
    ("most", "shades"),
    [
        (0, ()),
        (1, (Shade(4, 1, 1),)),
        (2, (Shade(3, 1, 1), Shade(4, 2, 2))),
        (16, (Shade(1, 1, 2), Shade(2, 3, 4), Shade(3, 5, 8), Shade(4, 9, 16))),  # 16 to the power of 1/4 is 2
        (81, (Shade(1, 1, 3), Shade(2, 4, 9), Shade(3, 10, 27), Shade(4, 28, 81))),
    ],
)
def test_shades_go_up_in_like_proportions(most: int, shades: tuple[Shade, ...]) -> None:
    assert scale(most) == shades


# --- coverage: the page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["", "?rows=strand&columns=audience", "?rows=country&columns=evidence"])
def test_a_number_leads_to_as_many_practices(get_page: GetPage, backend: Backend, question: str) -> None:
    page = get_page(f"/coverage{question}")
    links = [link for cell in page.one("table").one("tbody").all("td") for link in cell.all("a")]
    assert links
    for link in (*links[:3], *[link for link in links if link.text == "0"][:1]):
        filters = {facet: tuple(values) for facet, values in parse_qs(urlsplit(link.attributes["href"]).query).items()}
        assert len(filters) == 2
        assert backend.search(Query(filters=filters)).total == int(link.text)


def test_a_cell_is_read_with_its_row_and_its_column(get_page: GetPage) -> None:
    table = get_page("/coverage").one("table")
    columns = table.one("thead").all("th", scope="col")
    assert columns
    for row in table.one("tbody").all("tr"):
        assert row.one("th", scope="row").text
        assert len(row.all("td")) == len(columns)


@pytest.mark.parametrize("question", ["rows=risk&columns=risk", "rows=nothing", "columns=organisation"])
def test_what_makes_no_table(get_page: GetPage, question: str) -> None:
    get_page(f"/coverage?{question}", 400)


def test_what_nothing_has_is_told(make_backend: MakeBackend, pages_of: type[GetPage]) -> None:
    page = pages_of(create_app(make_backend(Document("a", "A"))))("/coverage")
    assert page.one("h1").text == "Coverage map"


# --- the map: values -------------------------------------------------------------------------------------------


def place(id: str, x: float, y: float, strand: str = "awareness-raising") -> Place:
    return Place(id, f"{id.title()}: does", "en", strand, x, y)


def test_the_whole_map_fills_the_picture() -> None:
    assert View().at(0, 0) == (MARGIN, MARGIN)
    assert View().at(1, 1) == (WIDTH - MARGIN, HEIGHT - MARGIN)
    assert (View().closer(-1), View().moved(1, 0)) == (None, None)


def test_a_part_of_the_map() -> None:
    """At zoom 4 a quarter of each side is shown: around 25, 50 that is 12.5 to 37.5 and 37.5 to 62.5 per cent."""
    view = View(25, 50, 4)
    assert view.corner == (0.125, 0.375)
    assert view.at(0.125, 0.375) == (MARGIN, MARGIN)
    assert view.at(0.375, 0.625) == (WIDTH - MARGIN, HEIGHT - MARGIN)
    assert [view.shows(x, 0.5) for x in (0.1, 0.2, 0.3, 0.4)] == [False, True, True, False]
    assert View(0, 100, 4).corner == (0, 0.75), "it does not reach beyond the edge"
    assert view.closer(1) == View(25, 50, 8)
    assert view.closer(-1) == View(25, 50, 2)
    assert view.moved(1, 0) == View(38, 50, 4)  # half a picture is an eighth of the map
    assert View(0, 0, 4).moved(-1, 0) is None


def test_a_view_is_read_as_it_is_written() -> None:
    for view in (View(), View(25, 50, 4), View(0, 100, 8)):
        assert read_view(MultiDict((name, str(value)) for name, value in view.arguments().items())) == view


@pytest.mark.parametrize("arguments", [{"zoom": "3"}, {"zoom": "x"}, {"x": "-1"}, {"y": "101"}, {"x": "٣"}])
def test_a_view_that_is_none(arguments: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        read_view(MultiDict(arguments))


def test_a_picture_holds_what_lies_in_the_view() -> None:
    places = (place("a", 0.1, 0.1), place("b", 0.2, 0.1), place("c", 0.9, 0.9))
    landscape = Landscape(places, (Region("grooming", 2, (0, 1), 0.15, 0.1),))
    whole = picture(landscape, View(), {"grooming": "Grooming"})
    assert [point.place.id for point in whole.points] == ["a", "b", "c"]
    assert [[point.place.id for point in group.points] for group in whole.groups] == [["a", "b"], ["c"]]
    (name,) = whole.names
    assert (name.label, name.view) == ("Grooming", View(15, 10, 4))
    part = picture(landscape, View(100, 100, 2), {"grooming": "Grooming"})
    assert ([point.place.id for point in part.points], part.shown, part.names) == (["c"], 1, ())


def test_names_do_not_stand_on_each_other() -> None:
    """A name of six characters is 66 wide, and 30 high."""
    regions = tuple(Region(topic, 3, (), 0.5, 0.5) for topic in ("a", "b", "c"))
    found = picture(Landscape((), regions), View(), dict.fromkeys("abc", "A name")).names
    assert len(found) == 3
    assert (found[0].x, found[0].y) == View().at(0.5, 0.5), "the largest region chooses first"
    assert all(abs(one.y - other.y) >= 30 or abs(one.x - other.x) >= 66 for one, other in combinations(found, 2))


def test_a_name_that_has_no_room_is_left_out() -> None:
    """Names of 80 characters are 880 wide: within 90 up and down of one place there is room for 7 of them, 30 high."""
    topics = [f"t{number}" for number in range(12)]
    regions = tuple(Region(topic, 3, (), 0.5, 0.5) for topic in topics)
    found = picture(Landscape((), regions), View(), dict.fromkeys(topics, "m" * 80)).names
    assert 1 < len(found) <= 7
    assert [name.region.topic for name in found] == topics[: len(found)]


def test_a_name_stands_where_no_point_is() -> None:
    (x, y), region = View().at(0.5, 0.5), Region("a", 3, (), 0.5, 0.5)
    landscape = Landscape((place("p", 0.5, 0.5), place("q", 0.52, 0.5)), (region,))
    (name,) = picture(landscape, View(), {"a": "A name"}).names
    assert (name.x, name.y) != (x, y)
    assert abs(name.x - x) < 100
    assert abs(name.y - y) < 100


def test_a_point_stands_beside_another_rather_than_under_it() -> None:
    found = picture(Landscape(tuple(place(id, 0.5, 0.5) for id in "abcd"), ()), View(), {}).points
    assert (found[0].x, found[0].y) == View().at(0.5, 0.5)
    assert all(11.9 <= hypot(one.x - other.x, one.y - other.y) <= 48.1 for one, other in combinations(found, 2))


def test_of_very_many_some_are_drawn() -> None:
    many = Landscape(tuple(place(f"p{n}", n / 2000, 0.5) for n in range(1501)), ())
    found = picture(many, View(), {})
    assert found.shown == 1501
    assert len(found.points) == 501 <= MOST_DRAWN  # every third


# --- the map: the page -----------------------------------------------------------------------------------------


def test_every_practice_is_on_the_map_and_in_the_list(get_page: GetPage, backend: Backend) -> None:
    page = get_page("/map")
    everything = {f"/practices/{hit.id}" for hit in backend.search(Query(limit=1000)).hits}
    points = page.with_class("map-point")
    assert {point.attributes["href"] for point in points} == everything
    assert all(point.attributes["aria-label"] for point in points)
    listed = [link.attributes["href"] for table in page.all("table") for link in table.all("a")]
    assert sorted(listed) == sorted(everything)


def test_a_name_looks_closer_and_the_way_back_is_there(get_page: GetPage) -> None:
    name = get_page("/map").with_class("map-name")[0]
    closer = get_page(name.attributes["href"].partition("#")[0])
    assert any(summary.text.startswith(name.text) for summary in closer.all("summary"))
    steps = [link.attributes["href"] for link in closer.with_class("map-steps")[0].all("a")]
    assert "/map#map_picture" in steps


def test_no_map_and_a_view_that_is_none(make_backend: MakeBackend, pages_of: type[GetPage], get_page: GetPage) -> None:
    page = pages_of(create_app(make_backend(Document("a", "A"))))("/map")
    assert "There is no map" in page.one("main").text
    get_page("/map?zoom=3", 400)
