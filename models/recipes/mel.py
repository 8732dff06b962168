"""Log-mel spectrograms exactly as whisper.cpp and llama.cpp's mtmd compute them.

Both use Slaney filters, a periodic Hann window of 400 with hop 160, log10, a clamp to 8 below the utterance's maximum
and (x + 4) / 4. They differ in the floor under the logarithm, in the end of the utterance (zeros / reflection) and in
what padding looks like afterwards (silence / zeros after normalisation).
"""

import functools

import numpy as np

RATE_HZ = 16000
WINDOW, HOP = 400, 160
MELS = 80
WHISPER_FLOOR = 1e-10
MTMD_FLOOR = 5.960464477539063e-08
BLOCK_FRAMES = 100


def _hz_to_mel(hz):
    hz = np.asarray(hz, np.float64)
    return np.where(hz < 1000.0, hz * 3 / 200, 15.0 + np.log(np.maximum(hz, 1.0) / 1000.0) / (np.log(6.4) / 27.0))


def _mel_to_hz(mel):
    mel = np.asarray(mel, np.float64)
    return np.where(mel < 15.0, mel * 200 / 3, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0))


@functools.cache
def filters(warp=1.0):
    """[80, 201] Slaney filters; `warp` scales the frequency axis, which changes a speaker's formants in training."""
    points = _mel_to_hz(np.linspace(_hz_to_mel(0.0), _hz_to_mel(RATE_HZ / 2), MELS + 2))
    bins = np.arange(WINDOW // 2 + 1) * (RATE_HZ / WINDOW) * warp
    rising = (bins - points[:-2, None]) / (points[1:-1] - points[:-2])[:, None]
    falling = (points[2:, None] - bins) / (points[2:] - points[1:-1])[:, None]
    area = 2.0 / (points[2:] - points[:-2])
    return (np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)


HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def _log_mel(padded, floor, warp):
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    spectrum = np.fft.rfft(frames * HANN, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    log = np.log10(np.maximum(power @ filters(warp).T, floor)).astype(np.float32)
    return (np.maximum(log, log.max() - 8.0) + 4.0) / 4.0


def whisper(wave, positions, warp=1.0):
    """[2 * positions, 80] as whisper.cpp sees an utterance with an audio context of `positions`."""
    wanted = 2 * positions
    voiced = len(wave) // HOP + 2
    padded = np.concatenate([wave[WINDOW // 2 : 0 : -1], wave, np.zeros(2 * WINDOW + HOP, np.float32)])
    log = _log_mel(padded, WHISPER_FLOOR, warp)[:voiced]
    silence = max((np.log10(WHISPER_FLOOR) + 4.0) / 4.0, log.max() - 2.0)
    mel = np.full((wanted, MELS), silence, np.float32)
    mel[: min(wanted, voiced)] = log[:wanted]
    return mel


def mtmd(wave, warp=1.0):
    """[100 * blocks, 80] as mtmd sees an utterance of up to 8 s: whole one-second blocks, zeros at the end."""
    padded = np.pad(wave, WINDOW // 2, mode="reflect")
    frames = len(wave) // HOP + 1
    mel = np.zeros((-(-frames // BLOCK_FRAMES) * BLOCK_FRAMES, MELS), np.float32)
    mel[:frames] = _log_mel(padded, MTMD_FLOOR, warp)[:frames]
    return mel
