"""A process that writes into a store and says what is kept, until it is killed."""

import sys

from store_scene import event, order_row, trade_row

from fastorder.store import Store


def main(place, first):
    store = Store(place)
    number = int(first)
    print("open", flush=True)
    while True:
        for _ in range(5):
            number += 1
            store.listen(event("Trade", trade_row(number, profitAndLoss=1)))
            store.listen(event("Order", order_row(100 + number, number % 8)))
        if store.flush():
            print(number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
