from __future__ import annotations

from reid.store import Gallery
from reid.store.contents.stage_nets import known_nets, net_of, put_value, value_of
from tests.store.stock import DIMENSION, NET

OTHER = "abcdef01" * 8


def test_the_net_in_use_is_named_and_what_it_was_is_kept(gallery: Gallery) -> None:
    catalog = gallery.exchange._catalog
    assert (net_of(catalog, "species_net"), value_of(catalog, "species_net")) == (None, None)
    gallery.set_species_net(OTHER)
    assert (net_of(catalog, "species_net"), value_of(catalog, "species_net")) == (OTHER, "2")
    with catalog.change("set_side_net", "") as change:
        put_value(change, "side_net", "2")
        put_value(change, "side_net", "2")  # the same again is no change
        change.after = {"fingerprint": OTHER}
    assert net_of(catalog, "side_net") == OTHER
    rows = catalog.ask("SELECT seq, changed FROM history WHERE kind = 'meta' AND changed LIKE '%side_net%'")
    assert rows == [(3, '{"side_net":[null,"2"]}')]


def test_all_nets_are_known_in_the_order_in_which_they_came(gallery: Gallery) -> None:
    gallery.set_species_net(OTHER)
    gallery.set_embedding_net("lion", "11" * 8, DIMENSION, calibration=None)
    assert known_nets(gallery.exchange._catalog) == (NET, OTHER, "11" * 8)
