"""Drawn talking heads, as raw RGB frames.

A head is drawn once per person at about twice its final size; per frame only eyes, brows and
mouth are drawn onto it, and one affine map puts it into the scene: it moves by fractions of a
pixel, edges come out smooth, and a frame costs about two milliseconds. The shading (dark eye
sockets, bright bridge of the nose) is what OpenCV's frontal-face cascade looks for.

    python faces.py --sheet faces.png     draws a sheet of people and expressions to look at
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from acting import Expression, Moment, perform

WIDTH, HEIGHT = 320, 240

CANVAS = (260, 320)
CENTRE = (130, 160)
EYE_Y, BROW_Y, NOSE_Y, MOUTH_Y = 150, 125, 192, 220

SKINS = [(255, 224, 196), (241, 194, 160), (224, 172, 130), (198, 134, 92), (155, 103, 70), (126, 82, 56)]
HAIRS = [(30, 24, 22), (70, 45, 28), (120, 80, 45), (196, 160, 96), (140, 60, 30), (150, 150, 152), (225, 220, 210)]
IRISES = [(70, 45, 25), (60, 90, 130), (70, 110, 70), (100, 100, 110)]
HAIR_STYLES = ["short", "long", "fringe", "bald", "round"]


@dataclass(frozen=True)
class Look:
    """One person in one place."""

    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    iris: tuple[int, int, int]
    lips: tuple[int, int, int]
    shirt: tuple[int, int, int]
    hair_style: str
    glasses: bool
    beard: bool
    brow_width: int
    half_width: int  # of the face, on the canvas
    eye_gap: int  # from the middle of the face to the middle of an eye
    eye_size: float
    mouth_half: int
    x: float  # middle of the head in the frame
    y: float
    scale: float
    light: float  # -1 from the left, 1 from the right


def _shade(colour: tuple[int, ...], factor: float) -> tuple[int, ...]:
    return tuple(int(min(255, max(0, c * factor))) for c in colour)


def _mix(a: tuple[int, ...], b: tuple[int, ...], share: float) -> tuple[int, ...]:
    return tuple(int(x + (y - x) * share) for x, y in zip(a, b))


def draw_lots(rng: np.random.Generator) -> Look:
    """A random person at a random place in the frame."""
    first, second = sorted(rng.choice(len(SKINS), 2, replace=False))
    skin = _mix(SKINS[first], SKINS[second], rng.uniform())
    # Pale hair around a dark face hides the face from the cascade, so dark skins get dark hair.
    hairs = HAIRS if sum(skin) > 480 else HAIRS[:3]
    hair_style = str(rng.choice(HAIR_STYLES, p=[0.3, 0.25, 0.2, 0.1, 0.15]))
    return Look(
        skin=skin,
        hair=_shade(hairs[rng.integers(len(hairs))], rng.uniform(0.8, 1.2)),
        iris=IRISES[rng.integers(len(IRISES))],
        lips=_mix(skin, (170, 40, 50), rng.uniform(0.35, 0.7)),
        shirt=tuple(int(c) for c in rng.integers(30, 220, 3)),
        hair_style=hair_style,
        glasses=bool(rng.uniform() < 0.12),
        beard=bool(rng.uniform() < 0.15) and hair_style != "long",
        brow_width=int(rng.integers(5, 9)),
        half_width=int(rng.integers(72, 84)),
        eye_gap=int(rng.integers(30, 36)),
        eye_size=float(rng.uniform(0.9, 1.15)),
        mouth_half=int(rng.integers(24, 31)),
        x=float(rng.uniform(110, 210)),
        y=float(rng.uniform(105, 125)),
        scale=float(rng.uniform(0.48, 0.72)),
        light=float(rng.uniform(-1, 1)),
    )


def scene(rng: np.random.Generator) -> Image.Image:
    """A blurred room: a wall with a gradient and a few pieces of furniture."""
    wall = rng.integers(70, 225, 3)
    slope = np.linspace(rng.uniform(0.75, 1.0), rng.uniform(0.75, 1.1), WIDTH)
    rows = np.clip(wall * slope[:, None], 0, 255).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(np.broadcast_to(rows, (HEIGHT, WIDTH, 3))))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.integers(2, 6)):
        left, top = int(rng.uniform(-40, WIDTH)), int(rng.uniform(-30, HEIGHT))
        box = (left, top, left + int(rng.uniform(20, 130)), top + int(rng.uniform(20, 130)))
        pen.rectangle(box, fill=_shade(tuple(int(c) for c in wall), rng.uniform(0.6, 1.25)))
    grain = Image.effect_noise((WIDTH, HEIGHT), 12).convert("RGB")
    return Image.blend(image.filter(ImageFilter.GaussianBlur(3)), grain, 0.04)


def _torso(image: Image.Image, look: Look) -> None:
    """Neck and shoulders; they stay while the head moves."""
    pen = ImageDraw.Draw(image)
    s, x, y = look.scale, look.x, look.y
    top, shoulders = y + 85 * s, y + 135 * s
    pen.rounded_rectangle((x - 150 * s, shoulders, x + 150 * s, HEIGHT + 60), radius=60 * s, fill=look.shirt)
    pen.polygon(
        [
            (x - 38 * s, top),
            (x + 38 * s, top),
            (x + 48 * s, shoulders + 8),
            (x, shoulders + 26 * s),
            (x - 48 * s, shoulders + 8),
        ],
        fill=_shade(look.skin, 0.78),
    )


def _oval(pen: ImageDraw.ImageDraw, x: float, y: float, rx: float, ry: float, fill) -> None:
    pen.ellipse((x - rx, y - ry, x + rx, y + ry), fill=fill)


def _head(look: Look) -> Image.Image:
    """The parts of a head that never change, as RGBA on the canvas."""
    cx, _ = CENTRE
    w = look.half_width
    hair = (*look.hair, 255)
    skin = (*look.skin, 255)
    # Outside the head the colour is the hair's, or the skin's, so that the affine map's
    # interpolation leaves no dark fringe.
    edge = look.skin if look.hair_style == "bald" else look.hair
    image = Image.new("RGBA", CANVAS, (*edge, 0))
    pen = ImageDraw.Draw(image)
    if look.hair_style == "long":
        pen.rounded_rectangle((cx - w - 16, 90, cx + w + 16, 300), radius=45, fill=hair)
    if look.hair_style == "round":
        _oval(pen, cx, 120, w + 34, 96, hair)
    if look.hair_style != "bald":
        _oval(pen, cx, 132, w + 9, 98, hair)
    for side in (-1, 1):
        _oval(pen, cx + side * w, 165, 11, 20, _shade(skin, 0.9))
    _oval(pen, cx, 164, w, 100, skin)
    if look.hair_style != "bald":
        pen.chord((cx - w - 9, 34, cx + w + 9, 230), 205, 335, fill=hair)
    if look.hair_style == "fringe":
        pen.rounded_rectangle((cx - w + 8, 70, cx + w - 8, 103), radius=12, fill=hair)
    _shading(image, look)
    return image


def _shading(image: Image.Image, look: Look) -> None:
    """Soft light and shadow over the skin, and the nose."""
    cx, gap, w = CENTRE[0], look.eye_gap, look.half_width
    shade = Image.new("L", CANVAS, 0)
    pen = ImageDraw.Draw(shade)
    for side in (-1, 1):
        _oval(pen, cx + side * gap, EYE_Y - 3, 25, 18, 140)
        _oval(pen, cx + side * (w - 4), 185, 12, 60, 70 if side * look.light < 0 else 25)
    _oval(pen, cx, 256, 40, 9, 60)
    _oval(pen, cx, NOSE_Y + 6, 17, 6, 110)
    pen.polygon([(cx + 5, 160), (cx + 17, NOSE_Y), (cx + 3, NOSE_Y)], fill=60)
    if look.beard:
        pen.chord((cx - w + 6, 130, cx + w - 6, 264), 10, 170, fill=190)
    shade = shade.filter(ImageFilter.GaussianBlur(5))
    glow = Image.new("L", CANVAS, 0)
    pen = ImageDraw.Draw(glow)
    pen.rectangle((cx - 6, 138, cx + 4, 186), fill=150)
    for side in (-1, 1):
        _oval(pen, cx + side * 40, 186, 18, 14, 100)
    if look.hair_style != "fringe":
        _oval(pen, cx, 108, 34, 12, 60)
    glow = glow.filter(ImageFilter.GaussianBlur(6))
    dark = _mix(_shade(look.skin, 0.4), look.hair, 0.75 if look.beard else 0.2)
    alpha = image.getchannel("A")
    image.paste(dark, mask=shade)
    image.paste(_mix(look.skin, (255, 250, 240), 0.5), mask=glow)
    image.putalpha(alpha)
    pen = ImageDraw.Draw(image)
    for side in (-1, 1):
        _oval(pen, cx + side * 8, NOSE_Y + 2, 4, 3, _shade(look.skin, 0.4))


def _curve(points: list[tuple[float, float]], steps: int = 9) -> list[tuple[float, float]]:
    """Points along the quadratic Bézier curve through the given first and last point."""
    (x0, y0), (x1, y1), (x2, y2) = points
    ts = [i / (steps - 1) for i in range(steps)]
    return [
        ((1 - t) ** 2 * x0 + 2 * t * (1 - t) * x1 + t * t * x2, (1 - t) ** 2 * y0 + 2 * t * (1 - t) * y1 + t * t * y2)
        for t in ts
    ]


def _eyes(pen: ImageDraw.ImageDraw, look: Look, now: Moment) -> None:
    lid = _shade(look.skin, 0.45)
    rim = _shade(look.skin, 0.55)
    white = _mix((246, 244, 240), look.skin, 0.25)
    squint = 1 - 0.25 * max(0.0, now.smile)
    for side in (-1, 1):
        x, y = CENTRE[0] + side * look.eye_gap, EYE_Y
        if look.glasses:
            pen.ellipse((x - 27, y - 22, x + 27, y + 22), outline=rim, width=2)
        rx, ry = 16 * look.eye_size, 9 * look.eye_size * squint * now.eyes
        if now.eyes < 0.2:
            pen.line(_curve([(x - rx, y), (x, y + 5), (x + rx, y)]), fill=lid, width=4)
            continue
        upper = _curve([(x - rx, y), (x, y - 2 * ry), (x + rx, y)])
        lower = _curve([(x + rx, y), (x, y + 1.6 * ry), (x - rx, y)])
        pen.polygon(upper + lower, fill=white)
        gx, gy = x + 5 * now.gaze[0], y + 3 * now.gaze[1] - 0.5
        iris = min(8.5 * look.eye_size, ry + 1)
        _oval(pen, gx, gy, iris, iris, look.iris)
        _oval(pen, gx, gy, iris * 0.5, iris * 0.5, (12, 10, 10))
        _oval(pen, gx + 2, gy - 2.5, 1.6, 1.6, (255, 255, 255))
        pen.line(upper, fill=lid, width=4)
    if look.glasses:
        pen.line([(CENTRE[0] - look.eye_gap + 27, EYE_Y), (CENTRE[0] + look.eye_gap - 27, EYE_Y)], fill=rim, width=2)


def _brows(pen: ImageDraw.ImageDraw, look: Look, now: Moment) -> None:
    """Raised and arched when positive; inner ends pulled down and together when negative."""
    base = look.hair if look.hair_style != "bald" else (60, 45, 35)
    colour = _mix(base, (40, 28, 22), 0.4)
    up, frown = max(0.0, now.brows), max(0.0, -now.brows)
    for side in (-1, 1):
        x = CENTRE[0] + side * look.eye_gap
        inner = (x - side * (16 + 5 * frown), BROW_Y + 11 * frown - 5 * up)
        outer = (x + side * 21, BROW_Y + 5 - 4 * up - 3 * frown)
        arch = (x + side * 4, BROW_Y - 9 - 14 * up + 6 * frown)
        pen.line(_curve([inner, arch, outer]), fill=colour, width=look.brow_width, joint="curve")


def _mouth(pen: ImageDraw.ImageDraw, look: Look, now: Moment) -> None:
    """Lips as two curves between the corners; the corners carry the smile."""
    cx = CENTRE[0]
    half = look.mouth_half * (1 + 0.3 * now.smile) * (1 - 0.15 * now.mouth)
    corner = MOUTH_Y - 13 * now.smile
    bow = 9 * now.smile
    gap = 2 + 26 * now.mouth
    left, right = (cx - half, corner), (cx + half, corner)
    upper = _curve([left, (cx, MOUTH_Y + bow - gap * 0.35), right])
    lower = _curve([right, (cx, MOUTH_Y + bow + gap * 1.3), left])
    pen.polygon(
        _curve([left, (cx, MOUTH_Y + bow - gap * 0.35 - 12), right])
        + _curve([right, (cx, MOUTH_Y + bow + gap * 1.3 + 15), left]),
        fill=look.lips,
    )
    pen.polygon(upper + lower, fill=(70, 22, 26))
    if now.mouth > 0.12:
        reach, side_y = half * 0.8, corner + bow * 0.2
        teeth = _curve([(cx + reach, side_y), (cx, MOUTH_Y + bow + gap * 0.1 + 3), (cx - reach, side_y)])
        pen.polygon(upper[1:-1] + teeth, fill=(240, 236, 226))
    fold = _shade(look.skin, 0.68)
    if now.smile > 0.15:
        for side in (-1, 1):
            x = cx + side * (half + 5)
            cheek = _curve([(cx + side * 20, NOSE_Y + 4), (x + side * 6, NOSE_Y + 12), (x, corner + 4)])
            pen.line(cheek, fill=fold, width=2)
    if now.smile < -0.15:
        for side in (-1, 1):
            x = cx + side * (half + 3)
            pen.line([(x, corner + 2), (x + side * 5, corner + 12)], fill=fold, width=3)


def _place(head: Image.Image, look: Look, now: Moment, frame: Image.Image) -> None:
    """Map the head's canvas into the frame, touching only the pixels that it can reach."""
    scale = look.scale * now.scale
    x, y = look.x + now.shift[0], look.y + now.shift[1]
    reach_x, reach_y = CANVAS[0] * scale / 2 + 8, CANVAS[1] * scale / 2 + 6
    left, top = max(0, int(x - reach_x)), max(0, int(y - reach_y))
    size = (min(WIDTH, int(x + reach_x)) - left, min(HEIGHT, int(y + reach_y)) - top)
    cos, sin = np.cos(now.roll) / scale, np.sin(now.roll) / scale
    dx, dy = left - x, top - y
    inverse = (cos, sin, CENTRE[0] + cos * dx + sin * dy, -sin, cos, CENTRE[1] - sin * dx + cos * dy)
    patch = head.transform(size, Image.Transform.AFFINE, inverse, Image.Resampling.BILINEAR)
    frame.paste(patch, (left, top), patch)


def talking_head(look: Look, moments: list[Moment], rng: np.random.Generator) -> Iterator[bytes]:
    """Raw RGB frames, one per moment."""
    backdrop = scene(rng)
    _torso(backdrop, look)
    base = _head(look)
    sheet = _shade(look.shirt, 1.3)
    for now in moments:
        head = base.copy()
        pen = ImageDraw.Draw(head)
        _brows(pen, look, now)
        _eyes(pen, look, now)
        _mouth(pen, look, now)
        frame = backdrop.copy()
        _place(head, look, now, frame)
        if now.covered:
            reach = 125 * look.scale
            box = (look.x - reach, look.y - reach * 0.9, look.x + reach, look.y + reach * 1.2)
            ImageDraw.Draw(frame).rectangle(box, fill=sheet)
        yield frame.tobytes()


def empty_room(moments: list[Moment], rng: np.random.Generator) -> Iterator[bytes]:
    """Raw RGB frames without anyone: a lamp sways in a room."""
    backdrop = scene(rng)
    colour = tuple(int(c) for c in rng.integers(60, 240, 3))
    x, length = rng.uniform(60, 260), rng.uniform(60, 130)
    for now in moments:
        frame = backdrop.copy()
        pen = ImageDraw.Draw(frame)
        swing = x + 4 * now.shift[0]
        pen.line([(x, 0), (swing, length)], fill=(40, 40, 40), width=2)
        pen.polygon([(swing, length - 14), (swing - 22, length + 16), (swing + 22, length + 16)], fill=colour)
        yield frame.tobytes()


def _sheet(path: str, seed: int) -> None:
    """Rows of people, columns from the most negative to the most positive expression."""
    columns = [-1.0, -0.5, 0.0, 0.5, 1.0]
    sheet = Image.new("RGB", (WIDTH * len(columns), HEIGHT * 5))
    for row in range(5):
        for column, sign in enumerate(columns):
            rng = np.random.default_rng(seed + row)
            look = draw_lots(rng)
            loud = np.array([0.0, 0.5]) if column % 2 else np.array([0.0, 0.0])
            moments = perform(Expression(sign, sign), loud, 10, rng)
            frame = list(talking_head(look, moments, rng))[-1]
            sheet.paste(Image.frombytes("RGB", (WIDTH, HEIGHT), frame), (column * WIDTH, row * HEIGHT))
    sheet.save(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sheet", required=True, help="PNG to write")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    _sheet(arguments.sheet, arguments.seed)
