"""The events that a line `publish <count> <size> <at>` asks for."""

import itertools

numbers = itertools.count()


def events(line):
    _, count, size, at = line.split()
    for number in itertools.islice(numbers, int(count)):
        head = f'{{"seq":"{number:08}","at":"{int(at):016}","pad":"'
        yield head + "x" * (int(size) - len(head) - 2) + '"}'
