"""The cache of blocks: one budget, the least recently used goes first."""

from headwater.base.clock import SECOND
from headwater.store.block import Block, CachedBlock
from headwater.store.cache import BlockCache


def cached_block(number: int, size: int) -> Block:
    block = Block(b"identity", number)
    block.cached = CachedBlock()
    block.cached.data.append(bytes(size))
    return block


def test_the_least_recently_used_goes_first():
    cache = BlockCache(35_000)
    blocks = [cached_block(number, 10_000) for number in range(3)]
    cache.use(blocks[0], 1)
    cache.use(blocks[1], 1)
    cache.use(blocks[0], 2)
    cache.use(blocks[2], 3)
    assert [block.cached is not None for block in blocks] == [True, False, True]
    assert len(cache) == 2
    assert cache.bytes == sum(b.cached.memory_bytes() for b in blocks if b.cached)
    assert cache.bytes <= cache.bytes_max


def test_the_block_in_use_stays_however_large():
    cache = BlockCache(100)
    block = cached_block(1, 10_000)
    cache.use(block, 1)
    assert block.cached is not None


def test_what_is_idle_for_long_goes_though_there_is_room():
    cache = BlockCache(1 << 30)
    old, new = cached_block(1, 100), cached_block(2, 100)
    cache.use(old, 0)
    cache.use(new, 8 * SECOND)
    cache.trim(11 * SECOND)
    assert (old.cached, new.cached is not None) == (None, True)


def test_a_block_that_is_dropped_is_forgotten():
    cache = BlockCache(1 << 30)
    block = cached_block(1, 100)
    cache.use(block, 0)
    cache.drop(block)
    cache.drop(block)
    assert (block.cached, len(cache)) == (None, 0)
    cache.trim(0)
    assert cache.bytes == 0


def test_a_block_is_counted_once():
    cache = BlockCache(1 << 30)
    block = cached_block(1, 100)
    for now_ns in range(5):
        cache.use(block, now_ns)
    assert len(cache) == 1
    assert block.cached.used_ns == 4
