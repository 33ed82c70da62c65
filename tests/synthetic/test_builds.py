"""Builds and poses: every species has its measures, an individual hardly differs, and legs stand on the ground."""

from dataclasses import asdict

import pytest

from reid.synthetic import SPECIES
from reid.synthetic.builds import BUILDS, LAYERS, REST, Pose, body_cones, build_of, foot_drop, head_points, pose_of
from reid.synthetic.noise import stream


def test_every_drawn_species_has_a_build() -> None:
    assert set(BUILDS) == {*SPECIES, "boar"}
    with pytest.raises(TypeError):
        BUILDS["zebra"] = BUILDS["boar"]  # type: ignore[index]


@pytest.mark.parametrize("species", BUILDS)
def test_an_individual_is_within_three_per_cent_of_its_species_and_the_same_each_time(species: str) -> None:
    one, again, other = (build_of(species, stream("build", seed)) for seed in (1, 1, 2))
    assert one == again != other
    usual = asdict(BUILDS[species])
    changed = {name for name, value in asdict(one).items() if value != usual[name]}
    assert changed == {"chest", "belly", "rump", "leg", "limb", "neck", "head", "ear", "tail"}
    assert all(0.97 <= asdict(one)[name] / usual[name] <= 1.03 for name in changed)


def test_poses_stand_walk_and_graze_and_giraffes_bend_their_necks_less() -> None:
    poses = [pose_of("zebra", stream("pose", seed)) for seed in range(60)]
    assert poses[3] == pose_of("zebra", stream("pose", 3))
    low = sum(pose.neck >= 0.55 for pose in poses)
    assert 8 < low < 30 and all(-0.15 <= pose.neck <= 1.05 and min(pose.knees) >= 0 for pose in poses)
    assert any(max(map(abs, pose.legs)) > 0.15 for pose in poses) and any(max(map(abs, pose.legs)) <= 0.1 for pose in poses)
    assert max(pose_of("giraffe", stream("pose", seed)).neck for seed in range(60)) <= 0.525


@pytest.mark.parametrize("species", BUILDS)
def test_the_same_build_has_the_same_cones_in_every_pose(species: str) -> None:
    build = BUILDS[species]
    rest, walking = body_cones(build, REST), body_cones(build, pose_of(species, stream("pose", 7)))
    assert tuple(rest) == tuple(walking) == LAYERS
    for name in LAYERS:
        assert [(one.ra, one.rb) for one in rest[name]] == [(one.ra, one.rb) for one in walking[name]]
    assert rest != walking and bool(rest["horns"]) == bool(build.horns) and bool(rest["mane"]) == bool(build.mane)


@pytest.mark.parametrize("species", BUILDS)
def test_feet_of_an_animal_at_rest_reach_the_ground_and_its_head_is_in_front(species: str) -> None:
    build = BUILDS[species]
    layers = body_cones(build, REST)
    lowest = max(cone.box(0)[3] for name in ("body", "far_legs") for cone in layers[name])
    assert lowest == pytest.approx(foot_drop(build), abs=0.06)
    points = head_points(build, REST)
    assert points["nostril"][0] > points["eye"][0] > 0.4
    assert head_points(build, Pose(neck=0.9))["eye"][1] > head_points(build, Pose(neck=-0.1))["eye"][1]
