#!/usr/bin/env python3
"""The rolling hash from its definition, apart from all C code: prints the values that test_golden.c expects.

Each event is (type, fseq, src.o, price in ticks, quantity in lots, leaves in lots, order's id, maker's id)."""

M64 = (1 << 64) - 1
K = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F5, 0x06C45D188009454F, 0xF88BB8A8724C81ED,
     0x1B39896A51A8749B, 0x53CB9F0C747EA2EB, 0x2C829ABE1F4532E1, 0xC584133AC916AB3D]


def mix(v):
    return ((v ^ (v >> 29)) * 0x9E3779B97F4A7C15) & M64


def number_of(identifier):
    data = identifier.encode()
    v = len(data)
    for at in range(0, len(data), 8):
        v = mix(v ^ int.from_bytes(data[at:at + 8].ljust(8, b"\0"), "little"))
    return v


def stream(events):
    h = 0
    for kind, fseq, offset, price, quantity, leaves, order, maker in events:
        values = [kind, fseq, offset, price, quantity, leaves, number_of(order), number_of(maker)]
        h = mix(h ^ (sum(k * v for k, v in zip(K, values)) & M64))
        yield h


ACCEPTED, REJECTED, DUPLICATE, FILL, CANCELLED, EXPIRED, CANCEL_ALL_DONE, MODIFIED, CONTROL = 1, 2, 3, 4, 6, 7, 8, 9, 12

aapl = [
    (ACCEPTED, 1, 0, 15000, 100, 100, "1764900000000-abcdefghi", ""),
    (ACCEPTED, 2, 1, 0, 30, 30, "b1", ""),
    (FILL, 3, 1, 15000, 30, 0, "b1", "1764900000000-abcdefghi"),
    (MODIFIED, 4, 3, 14995, 120, 90, "1764900000000-abcdefghi", ""),
    (CANCELLED, 5, 4, 0, 0, 90, "1764900000000-abcdefghi", ""),
    (CANCEL_ALL_DONE, 6, 5, 0, 0, 0, "", ""),
    (CONTROL, 7, 6, 0, 0, 0, "", ""),
    (CONTROL, 8, 7, 0, 0, 0, "", ""),
    (ACCEPTED, 9, 8, 1, 1000000, 1000000, "f1", ""),
    (EXPIRED, 10, 8, 0, 0, 1000000, "f1", ""),
    (DUPLICATE, 11, 9, 0, 0, 0, "f1", ""),
    (REJECTED, 12, 10, 0, 0, 0, "f1", ""),
]
pseudo = [(REJECTED, 1, 2, 0, 0, 0, "", "")]

for name, events in (("AAPL", aapl), ("#7", pseudo)):
    for event, h in zip(events, stream(events)):
        print(f"{name} {event[1]} {h:016x}")
