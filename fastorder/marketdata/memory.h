/* The memory of long columns.
 *
 * The first touch of fresh memory costs more than all that bars write to it. So a few
 * long blocks that were given back wait here for the next columns.
 */
#ifndef FASTORDER_MEMORY_H
#define FASTORDER_MEMORY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define BLOCKS 16
#define LEAST_KEPT ((size_t)1 << 20)
#if defined(__SANITIZE_ADDRESS__)
#define MOST_KEPT ((size_t)0)                /* so that a use after the end is seen */
#else
#define MOST_KEPT ((size_t)256 << 20)        /* of all blocks together */
#endif

static struct { char *memory; size_t size; } blocks[BLOCKS];
static size_t kept_bytes;
static char blocks_in_use;

/* Who cannot have the blocks at once goes without: nobody waits, not even a child that
 * was forked while another thread had them. */
static inline int begin_blocks(void) {
    return !__atomic_test_and_set(&blocks_in_use, __ATOMIC_ACQUIRE);
}

static inline void end_blocks(void) { __atomic_clear(&blocks_in_use, __ATOMIC_RELEASE); }

/* Ask for large pages where a column is long: the first touch of each small page costs
 * more than what is written to it. */
static inline void in_large_pages(char *memory, size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const size_t page = 4096;
    if (size < ((size_t)4 << 20)) return;
    size_t skipped = (page - ((uintptr_t)memory & (page - 1))) & (page - 1);
    madvise(memory + skipped, (size - skipped) & ~(page - 1), MADV_HUGEPAGE);
#else
    (void)memory, (void)size;
#endif
}

/* A kept block of at least ``size``, which gets its true size; NULL where none fits. */
static char *kept_block(size_t *size) {
    int best = -1;
    char *memory = NULL;
    if (*size < LEAST_KEPT || !begin_blocks()) return NULL;
    for (int i = 0; i < BLOCKS; i++)
        if (blocks[i].memory && blocks[i].size >= *size && blocks[i].size / 2 <= *size &&
            (best < 0 || blocks[i].size < blocks[best].size))
            best = i;
    if (best >= 0) {
        memory = blocks[best].memory;
        *size = blocks[best].size;
        kept_bytes -= *size;
        blocks[best].memory = NULL;
    }
    end_blocks();
    return memory;
}

/* Give memory back, of which ``size`` bytes are known to be there. */
static void give_back(char *memory, size_t size) {
    if (memory && size >= LEAST_KEPT && begin_blocks()) {
        for (int i = 0; i < BLOCKS && memory && kept_bytes + size <= MOST_KEPT; i++) {
            if (blocks[i].memory) continue;
            blocks[i].memory = memory;
            blocks[i].size = size;
            kept_bytes += size;
            memory = NULL;
        }
        end_blocks();
    }
    free(memory);
}

/* More memory with what the first ``used`` bytes hold; NULL where there is none, and the
 * old stays. ``size`` is what there is and gets what there is then. */
static char *more_memory(char *memory, size_t used, size_t *size, size_t wanted) {
    char *more = kept_block(&wanted);
    if (more) {
        memcpy(more, memory ? memory : more, memory ? used : 0);
        give_back(memory, *size);
    } else {
        more = realloc(memory, wanted);
        if (more) in_large_pages(more, wanted);
    }
    if (more) *size = wanted;
    return more;
}

/* Cut off what a column does not need, unless it is little of much. */
static char *fitted(char *memory, size_t used, size_t *size) {
    if (*size >= LEAST_KEPT && used >= *size - *size / 8) return memory;
    char *exact = realloc(memory, used ? used : 1);
    if (exact) *size = used;
    return exact;
}

#endif
