package io.tandem.search;

import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A search for the hyperparameters with the smallest loss.
 *
 * <p>Candidates and the seeds of trials depend on the study's seed and the candidate's number alone: neither the number of
 * parallel trials nor an interruption changes a result. As many trials run at once as asked for, each on a device of its own,
 * so that memory is bounded by theirs. A trial that throws counts as failed, and the search goes on.
 *
 * <p>If the thread is interrupted, {@link #run} ends with an {@link IllegalStateException} after the trials that are running;
 * with a file they are kept.
 *
 * @param space what is searched
 * @param strategy which candidates are tried
 * @param objective what is minimized
 * @param seed of candidates and trials
 * @param parallel trials at once
 * @param devices opens a device for each of the parallel trials
 * @param file where finished trials are kept, if they are; a study goes on with those that are there
 * @param listener is told of each finished trial, by one thread at a time
 */
public record Study(
        SearchSpace space,
        Strategy strategy,
        Objective objective,
        long seed,
        int parallel,
        Supplier<Device> devices,
        Optional<Path> file,
        Consumer<TrialResult> listener) {
    private static final Logger log = LoggerFactory.getLogger(Study.class);

    /** Checks the number of parallel trials. */
    public Study {
        if (parallel < 1) {
            throw new IllegalArgumentException("a study needs at least 1 trial at a time, got " + parallel);
        }
    }

    /** A study with seed 1, one trial at a time on the CPU with one thread, and no file. */
    public static Study of(SearchSpace space, Strategy strategy, Objective objective) {
        return new Study(
                space,
                strategy,
                objective,
                1,
                1,
                () -> Devices.open("cpu", DeviceOptions.defaults().withThreads(1)),
                Optional.empty(),
                result -> {});
    }

    /** With another seed. */
    public Study withSeed(long other) {
        return new Study(space, strategy, objective, other, parallel, devices, file, listener);
    }

    /** With several trials at a time. */
    public Study withParallel(int trials) {
        return new Study(space, strategy, objective, seed, trials, devices, file, listener);
    }

    /** With other devices: one is opened, and closed at the end, for each of the parallel trials. */
    public Study withDevices(Supplier<Device> opener) {
        return new Study(space, strategy, objective, seed, parallel, opener, file, listener);
    }

    /** With a file that keeps finished trials; those that are there already are not tried again. */
    public Study withFile(Path path) {
        return new Study(space, strategy, objective, seed, parallel, devices, Optional.of(path), listener);
    }

    /** With someone who is told of each trial when it is finished, by one thread at a time. */
    public Study withListener(Consumer<TrialResult> told) {
        return new Study(space, strategy, objective, seed, parallel, devices, file, told);
    }

    /** The number of trials that {@link #run} makes, those of earlier runs included. */
    public int trials() {
        return switch (strategy) {
            case Strategy.Grid(int points, int _) -> space.grid(points).size();
            case Strategy.RandomDraws(int trials, int _) -> trials;
            case Strategy.SuccessiveHalving halving -> {
                int all = 0;
                int round = halving.trials();
                for (long b = halving.budget(); b <= halving.mostBudget() && round > 0; b *= halving.factor()) {
                    all += round;
                    round /= halving.factor();
                }
                yield all;
            }
        };
    }

    /**
     * Makes all trials that are not in the file yet.
     *
     * @throws IllegalArgumentException if the file is of another space, seed or strategy
     * @throws io.tandem.io.FormatException if it is no study file
     */
    public StudyResult run() {
        Optional<StudyFile> kept = file.map(path -> StudyFile.open(path, space, seed));
        Map<String, TrialResult> known = new LinkedHashMap<>();
        kept.ifPresent(f -> f.known().forEach(r -> known.put(key(r.trial()), r)));
        if (!known.isEmpty()) {
            log.info("{} trials are known from {}", known.size(), file.orElseThrow());
        }
        List<TrialResult> results = new ArrayList<>();
        switch (strategy) {
            case Strategy.Grid(int points, int budget) -> {
                List<Candidate> grid = space.grid(points);
                results.addAll(round(
                        IntStream.range(0, grid.size())
                                .mapToObj(i -> trial(i, grid.get(i), budget))
                                .toList(),
                        known,
                        kept));
            }
            case Strategy.RandomDraws(int trials, int budget) -> results.addAll(
                    round(drawn(trials, budget), known, kept));
            case Strategy.SuccessiveHalving halving -> {
                List<Trial> next = drawn(halving.trials(), halving.budget());
                long budget = halving.budget();
                while (!next.isEmpty()) {
                    List<TrialResult> round = round(next, known, kept);
                    results.addAll(round);
                    budget *= halving.factor();
                    if (budget > halving.mostBudget()) {
                        break;
                    }
                    int larger = (int) budget;
                    next = round.stream()
                            .filter(r -> r.rank() < Double.POSITIVE_INFINITY)
                            .sorted(Comparator.comparingDouble(TrialResult::rank))
                            .limit(round.size() / halving.factor())
                            .map(r -> trial(r.trial().number(), r.trial().candidate(), larger))
                            .sorted(Comparator.comparingInt(Trial::number))
                            .toList();
                }
            }
        }
        return new StudyResult(space, results);
    }

    private List<Trial> drawn(int count, int budget) {
        return IntStream.range(0, count)
                .mapToObj(i -> trial(i, space.draw(seed, i), budget))
                .toList();
    }

    private Trial trial(int number, Candidate candidate, int budget) {
        return new Trial(number, candidate, budget, seed + 1_000_003L * (number + 1));
    }

    private static String key(Trial trial) {
        return trial.number() + " with budget " + trial.budget();
    }

    /** Makes the trials of a round that are not known; results in the order of the trials. */
    private List<TrialResult> round(
            List<Trial> trials, Map<String, TrialResult> known, Optional<StudyFile> kept) {
        Map<Trial, TrialResult> results = new LinkedHashMap<>();
        ConcurrentLinkedQueue<Trial> open = new ConcurrentLinkedQueue<>();
        for (Trial trial : trials) {
            TrialResult earlier = known.get(key(trial));
            if (earlier == null) {
                open.add(trial);
            } else if (earlier.trial().equals(trial)) {
                results.put(trial, earlier);
            } else {
                throw new IllegalArgumentException(
                        "the study %s is of another strategy: its trial %s has %s, this one has %s"
                                .formatted(file.orElseThrow(), key(trial), earlier.trial().candidate(),
                                        trial.candidate()));
            }
        }
        int workers = Math.min(parallel, open.size());
        if (workers > 0) {
            try (ExecutorService pool = Executors.newFixedThreadPool(workers)) {
                List<Future<?>> running = IntStream.range(0, workers)
                        .<Future<?>>mapToObj(w -> pool.submit(() -> work(open, results, kept)))
                        .toList();
                await(running, open);
            }
        }
        return trials.stream().map(results::get).toList();
    }

    /** One worker: a device of its own, and trials as long as there are any. */
    private void work(
            ConcurrentLinkedQueue<Trial> open, Map<Trial, TrialResult> results, Optional<StudyFile> kept) {
        try (Device device = devices.get()) {
            for (Trial trial = open.poll(); trial != null; trial = open.poll()) {
                TrialResult result = attempt(trial, device);
                synchronized (results) {
                    results.put(trial, result);
                    kept.ifPresent(f -> f.add(result));
                    listener.accept(result);
                }
            }
        }
    }

    private TrialResult attempt(Trial trial, Device device) {
        long start = System.nanoTime();
        Optional<Score> score = Optional.empty();
        Optional<String> failure = Optional.empty();
        try {
            score = Optional.of(objective.evaluate(trial, device));
        } catch (RuntimeException e) {
            log.warn("trial {} ({}) failed: {}", key(trial), trial.candidate(), e.toString());
            log.debug("trial {}", key(trial), e);
            failure = Optional.of(e.getMessage() == null ? e.toString() : e.getMessage());
        }
        return new TrialResult(trial, score, failure, (System.nanoTime() - start) / 1e9);
    }

    private static void await(List<Future<?>> running, ConcurrentLinkedQueue<Trial> open) {
        Optional<RuntimeException> failed = Optional.empty();
        boolean interrupted = false;
        for (Future<?> worker : running) {
            boolean done = false;
            while (!done) {
                try {
                    worker.get();
                    done = true;
                } catch (InterruptedException e) {
                    interrupted = true;
                    open.clear();
                } catch (ExecutionException e) {
                    open.clear();
                    done = true;
                    failed = Optional.of(
                            e.getCause() instanceof RuntimeException r ? r : new IllegalStateException(e.getCause()));
                }
            }
        }
        failed.ifPresent(e -> {
            throw e;
        });
        if (interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the search was interrupted");
        }
    }
}
