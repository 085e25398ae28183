package io.tandem.cuda.lowering;

import io.tandem.cuda.codegen.SegmentedCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds kernels over one axis that are equal but for their memory, such as the updates of a model's parameters, and
 * lets one launch run them, at the place of the last of them. A kernel is put off only past steps that touch none of
 * its memory.
 */
final class Merging {
    private final LoweringContext context;
    private final List<StepKernel> kernels;
    private final List<StepPlaces> places;
    private final Map<String, Group> open = new LinkedHashMap<>();

    /** Kernels that may run together. */
    private static final class Group {
        private final SegmentedCode code;
        private final List<Integer> steps = new ArrayList<>();

        Group(SegmentedCode code) {
            this.code = code;
        }
    }

    private Merging(LoweringContext context, List<StepKernel> kernels, List<StepPlaces> places) {
        this.context = context;
        this.kernels = kernels;
        this.places = places;
    }

    /**
     * Merges kernels of a program.
     *
     * @param kernels one per step; those that are merged are replaced
     * @param places of each step
     */
    static void apply(LoweringContext context, List<StepKernel> kernels, List<StepPlaces> places) {
        Merging merging = new Merging(context, kernels, places);
        for (int step = 0; step < kernels.size(); step++) {
            merging.visit(step);
        }
        List.copyOf(merging.open.values()).forEach(merging::close);
    }

    private void visit(int step) {
        boolean touchesAll = kernels.get(step) instanceof LoopStep;
        for (Map.Entry<String, Group> entry : List.copyOf(open.entrySet())) {
            Group group = entry.getValue();
            if (touchesAll || group.steps.stream().anyMatch(s -> conflict(places.get(s), places.get(step)))) {
                open.remove(entry.getKey());
                close(group);
            }
        }
        if (kernels.get(step) instanceof FusedStep fused && fused.size() > 0) {
            Optional<SegmentedCode> code = fused.segmented();
            code.ifPresent(c -> add(step, c));
        }
    }

    private void add(int step, SegmentedCode code) {
        String key = code.function().name();
        Group group = open.computeIfAbsent(key, k -> new Group(code));
        group.steps.add(step);
        if (group.steps.size() == code.capacity()) {
            open.remove(key);
            close(group);
        }
    }

    /** Whether one of two steps writes where the other reads or writes. */
    private static boolean conflict(StepPlaces a, StepPlaces b) {
        return touches(a.results(), b) || touches(b.results(), a) || touches(a.scratch(), b) || touches(b.scratch(), a);
    }

    private static boolean touches(List<Place> written, StepPlaces other) {
        return written.stream()
                .anyMatch(w -> overlaps(w, other.operands()) || overlaps(w, other.results())
                        || overlaps(w, other.scratch()));
    }

    private static boolean overlaps(Place place, List<Place> others) {
        return others.stream().anyMatch(place::overlaps);
    }

    private void close(Group group) {
        if (group.steps.size() < 2) {
            return;
        }
        List<FusedStep> members =
                group.steps.stream().map(s -> (FusedStep) kernels.get(s)).toList();
        int last = group.steps.getLast();
        group.steps.forEach(s -> kernels.set(s, new Together(last)));
        kernels.set(last, new SegmentedStep(context, group.code, members));
    }

    /**
     * A step that runs with a later one.
     *
     * @param step the later one
     */
    private record Together(int step) implements StepKernel {
        @Override
        public void issue() {}

        @Override
        public String label() {
            return "with step " + step;
        }

        @Override
        public int launches() {
            return 0;
        }
    }
}
