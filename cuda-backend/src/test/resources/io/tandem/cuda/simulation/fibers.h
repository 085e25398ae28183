// Runs the threads of a block on one thread of the host: plain calls where a kernel has no barrier, else fibers.
//
// A fiber runs until it meets a barrier or a warp operation. The scheduler releases a barrier when every thread of the
// block that has not returned waits at it, and a warp operation when all lanes of its mask that have not returned do.

struct dim3 {
    unsigned x, y, z;
    __attribute__((no_sanitize_address))
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

namespace sim {

struct Index { unsigned x, y, z; };

// What the caller passes for one launch. All members have 8 bytes.
struct Launch {
    unsigned char* arguments;
    unsigned long long grid[3];
    unsigned long long block[3];
    unsigned long long shared_bytes;
    unsigned long long order;           // 0 forward, 1 reverse, 2 shuffled
    unsigned long long seed;
    unsigned char* memory;              // the device's memory, and one state byte per byte of it
    unsigned long long memory_bytes;
    unsigned char* memory_state;
    char* message;                      // receives why a launch failed
    unsigned long long message_bytes;
    unsigned long long fault_address;
    unsigned long long fault_kind;
};

enum Fault { NONE = 0, ILLEGAL_READ = 1, ILLEGAL_WRITE = 2, UNDEFINED_READ = 3, STUCK = 4, DIVERGED = 5, NO_MEMORY = 6,
             TRAPPED = 7 };
enum State : unsigned char { READY, AT_BARRIER, AT_WARP, RETURNED };
constexpr unsigned char UNDEFINED = 1, DEFINED = 2;
constexpr unsigned long long CANARY = 0xC0FFEE5EA7ED5EA1ull;     // lies at the end of each stack
// the odd size spreads the stacks over the sets of the host's cache
constexpr unsigned STACK_BYTES = 64 * 1024 + 5 * 64, WARP = 32, MAX_THREADS = 1024;

struct Fiber {
    void* stack_pointer;
    State state;
    bool predicate;
    unsigned mask, parity;
    int line;
    Index index;
};

struct Region { unsigned long long base, bytes; unsigned char* state; };

struct Block {
    Launch* launch;
    const char* kernel;
    Fiber fibers[MAX_THREADS];
    unsigned short order[MAX_THREADS];
    unsigned long long slots[2][MAX_THREADS];
    unsigned active[2][MAX_THREADS / WARP];
    unsigned threads, current;
    unsigned votes;
    void* scheduler;
    void* escape[5];
    void (*body)(void*);
    void* call;
    char* stacks;
    unsigned long long stack_low, stack_high;
    Region shared, dynamic;
    unsigned char* dynamic_memory;
    bool fibered;                       // threads of this launch are fibers
    bool inside;                        // one of them runs
};

static Block* const block = (Block*) __builtin_calloc(1, sizeof(Block));
static Index thread_index, block_index;
static dim3 block_size, grid_size;

#define SIM_UNCHECKED __attribute__((no_sanitize_address))
#define SIM_PLAIN __attribute__((no_sanitize_address, noinline))

#if defined(__x86_64__)
extern "C" void sim_switch(void** save, void* to);
__asm__(".pushsection .text\n.local sim_switch\n.type sim_switch,@function\nsim_switch:\n"
        "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
        "movq %rsp,(%rdi)\nmovq %rsi,%rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n.popsection\n");
#else
#error "the simulated device knows x86-64 only"
#endif

// ---- failures

SIM_PLAIN static void append(char*& to, char* end, const char* text) {
    while (*text && to < end) *to++ = *text++;
}

SIM_PLAIN static void append(char*& to, char* end, unsigned long long number) {
    char digits[24];
    int n = 0;
    do digits[n++] = (char) ('0' + number % 10); while (number /= 10);
    while (n && to < end) *to++ = digits[--n];
}

[[noreturn]] SIM_PLAIN static void leave() {
    if (block->inside) {
        void* unused;
        sim_switch(&unused, block->scheduler);
    }
    __builtin_longjmp(block->escape, 1);
}

SIM_PLAIN static void describe(Fault fault, const char* what, unsigned long long address) {
    Launch* launch = block->launch;
    if (launch->fault_kind != NONE) return;
    launch->fault_kind = fault;
    launch->fault_address = address;
    char* to = launch->message;
    char* end = to + launch->message_bytes - 1;
    append(to, end, "kernel ");
    append(to, end, block->kernel);
    append(to, end, ", block (");
    append(to, end, block_index.x); append(to, end, ", ");
    append(to, end, block_index.y); append(to, end, ", ");
    append(to, end, block_index.z); append(to, end, ")");
    if (fault != STUCK) {
        append(to, end, ", thread (");
        append(to, end, thread_index.x); append(to, end, ", ");
        append(to, end, thread_index.y); append(to, end, ", ");
        append(to, end, thread_index.z); append(to, end, ")");
    }
    append(to, end, ": ");
    append(to, end, what);
    *to = 0;
}

[[noreturn]] SIM_PLAIN static void fail(Fault fault, const char* what, unsigned long long address) {
    describe(fault, what, address);
    leave();
}

// ---- memory checks: the compiler calls these before each access that it cannot prove to be to a local variable

extern "C" char __ehdr_start __attribute__((visibility("hidden")));
extern "C" char _end __attribute__((visibility("hidden")));

SIM_PLAIN static void fail_access(bool write, unsigned bytes, unsigned long long address, bool undefined) {
    char text[96];
    char* to = text;
    char* end = text + sizeof text - 1;
    append(to, end, write ? "writes " : "reads ");
    append(to, end, bytes);
    append(to, end, undefined ? " bytes that nobody wrote" : " bytes outside of any allocation");
    *to = 0;
    fail(undefined ? UNDEFINED_READ : write ? ILLEGAL_WRITE : ILLEGAL_READ, text, address);
}

template<bool WRITE> SIM_PLAIN static void slow_check(unsigned long long address, unsigned bytes) {
    Block& b = *block;
    Region* regions[] = {&b.shared, &b.dynamic};
    for (Region* r : regions) {
        unsigned long long at = address - r->base;
        if (at >= r->bytes) continue;
        if (at + bytes > r->bytes) fail_access(WRITE, bytes, address, false);
        for (unsigned i = 0; i < bytes; i++) {
            if (WRITE) r->state[at + i] = DEFINED;
            else if (r->state[at + i] != DEFINED) fail_access(false, bytes, address, true);
        }
        return;
    }
    if (address - b.stack_low < b.stack_high - b.stack_low) return;
    unsigned long long here = (unsigned long long) __builtin_frame_address(0);
    if (!b.fibered && address - (here - 4096) < (8u << 20)) return;
    unsigned long long image = (unsigned long long) &__ehdr_start;
    if (address - image < (unsigned long long) &_end - image) return;
    fail_access(WRITE, bytes, address, false);
}

// At least one byte is not yet written.
template<bool WRITE> SIM_PLAIN static void settle(unsigned char* state, unsigned bytes, unsigned long long address) {
    bool allocated = true;
    for (unsigned i = 0; i < bytes; i++) allocated &= state[i] != 0;
    if (!WRITE || !allocated) fail_access(WRITE, bytes, address, allocated);
    for (unsigned i = 0; i < bytes; i++) state[i] = DEFINED;
}

template<bool WRITE, unsigned BYTES> __attribute__((no_sanitize_address, always_inline)) static inline
void check(unsigned long long address) {
    Launch* launch = block->launch;
    unsigned long long at = address - (unsigned long long) launch->memory;
    if (__builtin_expect(at >= launch->memory_bytes - 64, 0)) return slow_check<WRITE>(address, BYTES);
    if (__builtin_expect(address % BYTES != 0, 0)) {
        fail(WRITE ? ILLEGAL_WRITE : ILLEGAL_READ, "misaligned address", address);
    }
    unsigned char* state = launch->memory_state + at;
    constexpr unsigned STEP = BYTES < 8 ? BYTES : 8;
    constexpr unsigned long long ALL = 0x0202020202020202ull >> (64 - 8 * STEP);       // DEFINED in every byte
    unsigned long long states = ALL;
    for (unsigned i = 0; i < BYTES; i += STEP) {
        unsigned long long some = 0;
        __builtin_memcpy(&some, state + i, STEP);
        states &= some;
    }
    if (__builtin_expect(states == ALL, 1)) return;
    settle<WRITE>(state, BYTES, address);
}

template<bool WRITE> __attribute__((no_sanitize_address)) static void check_range(
        unsigned long long address, unsigned long long bytes) {
    for (unsigned long long i = 0; i < bytes; i++) check<WRITE, 1>(address + i);
}

} // namespace sim

#define SIM_HOOK extern "C" __attribute__((no_sanitize_address, visibility("hidden"), used))
#define SIM_HOOKS(n) \
    SIM_HOOK void __asan_load##n##_noabort(unsigned long long a) { sim::check<false, n>(a); } \
    SIM_HOOK void __asan_store##n##_noabort(unsigned long long a) { sim::check<true, n>(a); }
SIM_HOOKS(1) SIM_HOOKS(2) SIM_HOOKS(4) SIM_HOOKS(8) SIM_HOOKS(16)
SIM_HOOK void __asan_loadN_noabort(unsigned long long a, unsigned long long n) { sim::check_range<false>(a, n); }
SIM_HOOK void __asan_storeN_noabort(unsigned long long a, unsigned long long n) { sim::check_range<true>(a, n); }
SIM_HOOK void __asan_handle_no_return() {}
SIM_HOOK void __asan_before_dynamic_init(void*) {}
SIM_HOOK void __asan_after_dynamic_init() {}

namespace sim {

// ---- waiting

SIM_PLAIN static void wait(State state, int line) {
    Fiber& me = block->fibers[block->current];
    me.state = state;
    me.line = line;
    sim_switch(&me.stack_pointer, block->scheduler);
}

SIM_PLAIN static bool barrier(int line, bool predicate = false) {
    block->fibers[block->current].predicate = predicate;
    wait(AT_BARRIER, line);
    return block->votes != 0;
}

SIM_UNCHECKED static inline unsigned lane() { return block->current % WARP; }

SIM_PLAIN static unsigned warp_wait(unsigned mask, int line) {
    Fiber& me = block->fibers[block->current];
    if (!(mask >> lane() & 1)) fail(DIVERGED, "a warp operation is called by a lane that its mask leaves out", 0);
    unsigned parity = me.parity ^= 1;
    me.mask = mask;
    wait(AT_WARP, line);
    return parity;
}

// Hands a value to the other lanes of the mask and takes the one of lane `from`. Lanes outside give NaN bits.
template<class T> SIM_PLAIN static T exchange(unsigned mask, T value, unsigned from, int line) {
    static_assert(sizeof(T) <= 8, "shuffles take at most 8 bytes");
    unsigned first = block->current / WARP * WARP;
    unsigned parity = block->fibers[block->current].parity ^ 1;
    __builtin_memcpy(&block->slots[parity][block->current], &value, sizeof value);
    warp_wait(mask, line);
    T result;
    __builtin_memset(&result, 0xFF, sizeof result);
    if (block->active[parity][first / WARP] >> from & 1) {
        __builtin_memcpy(&result, &block->slots[parity][first + from], sizeof result);
    }
    return result;
}

SIM_PLAIN static unsigned ballot(unsigned mask, bool predicate, int line) {
    unsigned first = block->current / WARP * WARP;
    unsigned parity = block->fibers[block->current].parity ^ 1;
    block->slots[parity][block->current] = predicate;
    warp_wait(mask, line);
    unsigned bits = 0;
    for (unsigned i = 0; i < WARP; i++) {
        if (block->active[parity][first / WARP] >> i & 1) bits |= (unsigned) (block->slots[parity][first + i] & 1) << i;
    }
    return bits;
}

// ---- scheduling

SIM_UNCHECKED static inline unsigned long long mix(unsigned long long& seed) {    // SplitMix64 (Steele et al., 2014)
    unsigned long long z = (seed += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

SIM_PLAIN static void set_thread(unsigned t) {
    block->current = t;
    thread_index = block->fibers[t].index;
}

[[noreturn]] SIM_PLAIN static void enter() {
    block->body(block->call);
    block->fibers[block->current].state = RETURNED;
    void* unused;
    sim_switch(&unused, block->scheduler);
    __builtin_unreachable();
}

SIM_PLAIN static bool release_warps() {
    Block& b = *block;
    bool released = false;
    for (unsigned first = 0; first < b.threads; first += WARP) {
        unsigned lanes = b.threads - first < WARP ? b.threads - first : WARP;
        unsigned returned = 0;
        for (unsigned i = 0; i < lanes; i++) returned |= (unsigned) (b.fibers[first + i].state == RETURNED) << i;
        for (unsigned i = 0; i < lanes; i++) {
            Fiber& f = b.fibers[first + i];
            if (f.state != AT_WARP) continue;
            unsigned present = 0;
            for (unsigned j = 0; j < lanes; j++) {
                Fiber& g = b.fibers[first + j];
                present |= (unsigned) (g.state == AT_WARP && g.mask == f.mask && g.line == f.line) << j;
            }
            unsigned expected = lanes == WARP ? f.mask : f.mask & ((1u << lanes) - 1);
            if ((present | (returned & expected)) != expected) continue;
            b.active[f.parity][first / WARP] = present;
            for (unsigned j = 0; j < lanes; j++) if (present >> j & 1) b.fibers[first + j].state = READY;
            released = true;
        }
    }
    return released;
}

SIM_PLAIN static bool release_barrier() {
    Block& b = *block;
    unsigned waiting = 0, left = 0, votes = 0;
    int line = -1;
    bool same = true;
    for (unsigned i = 0; i < b.threads; i++) {
        Fiber& f = b.fibers[i];
        left += f.state != RETURNED;
        if (f.state != AT_BARRIER) continue;
        waiting++;
        votes += f.predicate;
        if (line == -1) line = f.line;
        same &= line == f.line;
    }
    if (!waiting || waiting != left) return false;
    if (!same) {
        describe(DIVERGED, "threads of the block wait at different barriers", 0);
        return false;
    }
    b.votes = votes;
    for (unsigned i = 0; i < b.threads; i++) if (b.fibers[i].state == AT_BARRIER) b.fibers[i].state = READY;
    return true;
}

SIM_PLAIN static void run_fibers() {
    Block& b = *block;
    for (unsigned i = 0; i < b.threads; i++) {
        Fiber& f = b.fibers[i];
        *(unsigned long long*) (b.stacks + (unsigned long long) i * STACK_BYTES) = CANARY;
        void** top = (void**) (b.stacks + (unsigned long long) (i + 1) * STACK_BYTES) - 2;
        *top = (void*) enter;
        f.stack_pointer = top - 6;
        f.state = READY;
        f.parity = 0;
    }
    for (;;) {
        unsigned returned = 0;
        for (unsigned i = 0; i < b.threads; i++) {
            unsigned t = b.order[i];
            Fiber& f = b.fibers[t];
            if (f.state == READY) {
                set_thread(t);
                b.inside = true;
                sim_switch(&b.scheduler, f.stack_pointer);
                b.inside = false;
                if (b.launch->fault_kind != NONE) return;
                if (*(unsigned long long*) (b.stacks + (unsigned long long) t * STACK_BYTES) != CANARY) {
                    describe(NO_MEMORY, "local variables take more than 64 KiB", 0);
                    return;
                }
            }
            returned += f.state == RETURNED;
        }
        if (returned == b.threads) return;
        bool warps = release_warps();
        if (release_barrier() || warps) continue;
        if (b.launch->fault_kind != NONE) return;
        bool ready = false;
        for (unsigned i = 0; i < b.threads; i++) ready |= b.fibers[i].state == READY;
        if (!ready) {
            describe(STUCK, "threads wait for each other: a barrier or a warp operation that not all of its threads "
                            "reach", 0);
            return;
        }
    }
}

SIM_PLAIN static void set_order(unsigned long long seed) {
    Block& b = *block;
    for (unsigned i = 0; i < b.threads; i++) {
        b.order[i] = (unsigned short) (b.launch->order == 1 ? b.threads - 1 - i : i);
    }
    if (b.launch->order == 2) {
        for (unsigned i = b.threads - 1; i > 0; i--) {
            unsigned j = (unsigned) (mix(seed) % (i + 1));
            unsigned short t = b.order[i];
            b.order[i] = b.order[j];
            b.order[j] = t;
        }
    }
}

SIM_PLAIN static void fresh_shared(Region& region) {
    if (region.bytes == 0) return;
    __builtin_memset((void*) region.base, 0xFF, region.bytes);
    __builtin_memset(region.state, UNDEFINED, region.bytes);
}

SIM_PLAIN static void run_blocks() {
    Block& b = *block;
    Launch& l = *b.launch;
    unsigned long long blocks = l.grid[0] * l.grid[1] * l.grid[2], seed = l.seed;
    // a stride that is prime to the number of blocks visits each once
    unsigned long long stride = 1, start = 0;
    if (l.order == 1) {
        stride = blocks - 1;
        start = blocks - 1;
    } else if (l.order == 2 && blocks > 2) {
        start = mix(seed) % blocks;
        for (;;) {
            stride = 1 + mix(seed) % (blocks - 1);
            unsigned long long x = stride, y = blocks;
            while (y) { unsigned long long r = x % y; x = y; y = r; }
            if (x == 1) break;
        }
    }
    set_order(seed);
    unsigned long long at = start;
    for (unsigned long long i = 0; i < blocks; i++, at = blocks == 1 ? 0 : (at + stride) % blocks) {
        block_index = {(unsigned) (at % l.grid[0]), (unsigned) (at / l.grid[0] % l.grid[1]),
                       (unsigned) (at / l.grid[0] / l.grid[1])};
        fresh_shared(b.shared);
        fresh_shared(b.dynamic);
        if (b.fibered) run_fibers(); else b.body(b.call);      // the body loops over all threads
        if (l.fault_kind != NONE) return;
    }
}

SIM_PLAIN static int launch(Launch* l, const char* kernel, bool fibered, void (*body)(void*), char* shared,
        char* shared_end) {
    Block& b = *block;
    b.launch = l;
    b.kernel = kernel;
    b.body = body;
    b.call = l->arguments;
    b.fibered = fibered;
    b.inside = false;
    b.threads = (unsigned) (l->block[0] * l->block[1] * l->block[2]);
    block_size.x = (unsigned) l->block[0];
    block_size.y = (unsigned) l->block[1];
    block_size.z = (unsigned) l->block[2];
    grid_size.x = (unsigned) l->grid[0];
    grid_size.y = (unsigned) l->grid[1];
    grid_size.z = (unsigned) l->grid[2];
    l->fault_kind = NONE;
    if (fibered && !b.stacks) {
        b.stacks = (char*) __builtin_malloc((unsigned long long) MAX_THREADS * STACK_BYTES);
        b.stack_low = (unsigned long long) b.stacks;
        b.stack_high = b.stack_low + (unsigned long long) MAX_THREADS * STACK_BYTES;
    }
    unsigned long long statics = (unsigned long long) (shared_end - shared);
    unsigned char* states = statics ? (unsigned char*) __builtin_malloc(statics) : nullptr;
    unsigned char* dynamic = (unsigned char*) __builtin_malloc(2 * l->shared_bytes + 32);
    if ((fibered && !b.stacks) || (statics && !states) || !dynamic) {
        block_index = {0, 0, 0};
        describe(NO_MEMORY, "the host has no memory for the simulation", 0);
    } else {
        b.dynamic_memory = (unsigned char*) (((unsigned long long) dynamic + 15) & ~15ull);
        b.shared = {(unsigned long long) shared, statics, states};
        b.dynamic = {(unsigned long long) b.dynamic_memory, l->shared_bytes, b.dynamic_memory + l->shared_bytes};
        for (unsigned i = 0; i < b.threads; i++) {
            b.fibers[i].index = {i % block_size.x, i / block_size.x % block_size.y, i / block_size.x / block_size.y};
        }
        if (__builtin_setjmp(b.escape) == 0) run_blocks();
    }
    __builtin_free(dynamic);
    __builtin_free(states);
    b.dynamic_memory = nullptr;
    return (int) l->fault_kind;
}

// ---- arguments

constexpr unsigned long long aligned(unsigned long long at, unsigned long long alignment) {
    return (at + alignment - 1) / alignment * alignment;
}

// One thread of a fiber, or all threads of a block.
template<class... A> SIM_UNCHECKED static void run(void (*f)(A...), A... arguments) {
    if (block->fibered) {
        f(arguments...);
        return;
    }
    for (unsigned i = 0; i < block->threads; i++) {
        unsigned t = block->order[i];
        block->current = t;
        thread_index = block->fibers[t].index;
        f(arguments...);
    }
}

template<class... A> struct Layout;
template<> struct Layout<> {
    template<class... Done> SIM_UNCHECKED static void call(void (*f)(Done...), unsigned char*, unsigned long long,
            Done... done) {
        run(f, done...);
    }
    SIM_UNCHECKED static int sizes(long long*) { return 0; }
};
template<class First, class... Rest> struct Layout<First, Rest...> {
    template<class... All, class... Done> SIM_UNCHECKED static void call(void (*f)(All...), unsigned char* p,
            unsigned long long at, Done... done) {
        at = aligned(at, alignof(First));
        First value;
        __builtin_memcpy(&value, p + at, sizeof value);
        Layout<Rest...>::call(f, p, at + sizeof value, done..., value);
    }
    SIM_UNCHECKED static int sizes(long long* out) {
        *out = sizeof(First);
        return 1 + Layout<Rest...>::sizes(out + 1);
    }
};

template<class... A> SIM_UNCHECKED static int parameter_sizes(void (*)(A...), long long* out) {
    return Layout<A...>::sizes(out);
}
template<class... A> SIM_UNCHECKED static void call(void (*f)(A...), void* arguments) {
    Layout<A...>::call(f, (unsigned char*) arguments, 0);
}

} // namespace sim

// Declares the bounds of the section that holds the static shared memory of a source.
#define SIM_SHARED(section) \
    extern "C" char __start_##section __attribute__((visibility("hidden"))); \
    extern "C" char __stop_##section __attribute__((visibility("hidden")));

// The exported functions of one kernel; `begin` and `end` bound its static shared memory.
#define SIM_KERNEL(module, name, fibered, begin, end) \
    extern "C" __attribute__((visibility("default"))) int sim_launch_##module##_##name(sim::Launch* l) { \
        return sim::launch(l, #name, fibered, [](void* p) SIM_UNCHECKED { sim::call(module::name, p); }, begin, end); \
    } \
    extern "C" __attribute__((visibility("default"))) int sim_parameters_##module##_##name(long long* sizes) { \
        return sim::parameter_sizes(module::name, sizes); \
    } \
    extern "C" __attribute__((visibility("default"))) long long sim_shared_##module##_##name() { \
        return (char*) (end) - (char*) (begin); \
    }
