package io.tandem.cpu.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.io.FormatException;
import io.tandem.search.Candidate;
import io.tandem.search.CrossValidation;
import io.tandem.search.Objective;
import io.tandem.search.Parameter;
import io.tandem.search.Score;
import io.tandem.search.SearchSpace;
import io.tandem.search.Strategy;
import io.tandem.search.Study;
import io.tandem.search.StudyResult;
import io.tandem.search.TrialResult;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

@Tag("contract")
class StudyTest {
    private static final Parameter<Integer> UNITS = Parameter.integers("units", 1, 9);
    private static final Parameter<Double> RATE = Parameter.logUniform("rate", 1e-4, 1);
    private static final Parameter<Double> DECAY = Parameter.uniform("decay", -1, 1);
    private static final Parameter<Integer> KIND = Parameter.choice("kind", Map.of("one", 1));
    private static final SearchSpace SPACE = SearchSpace.of(UNITS, RATE, DECAY, KIND);

    /** Smallest at 6 units and a rate of 0.01; less noise with more budget. */
    private static final Objective BOWL = (trial, device) -> Score.of(Math.abs(trial.get(UNITS) - 6)
            + Math.abs(Math.log10(trial.get(RATE)) + 2)
            + Math.floorMod(trial.seed(), 7) / (10.0 * trial.budget())).with("twice", 2);

    @TempDir
    private Path folder;

    private static Study study(Strategy strategy, Objective objective) {
        return Study.of(SPACE, strategy, objective).withDevices(() -> Device.of("reference"));
    }

    @Test
    void valuesReadBackAsTheyWere() {
        Set<Integer> units = ConcurrentHashMap.newKeySet();
        for (int i = 0; i < 300; i++) {
            Candidate c = SPACE.draw(1, i);
            assertEquals(c, SPACE.draw(1, i));
            units.add(c.get(UNITS));
            assertTrue(c.get(RATE) >= 1e-4 && c.get(RATE) <= 1);
            assertTrue(c.get(DECAY) >= -1 && c.get(DECAY) <= 1);
            assertEquals(1, c.get(KIND));
            assertEquals(c.labels().get("rate"), RATE.label(c.get(RATE)));
        }
        assertEquals(9, units.size());
        assertFalse(SPACE.draw(1, 0).equals(SPACE.draw(2, 0)));
        // Half of the rates below the geometric mean.
        long low = java.util.stream.IntStream.range(0, 1000)
                .filter(i -> SPACE.draw(3, i).get(RATE) < 1e-2)
                .count();
        assertTrue(low > 440 && low < 560, low + " of 1000");
    }

    @Test
    void gridsCoverTheSpace() {
        List<Candidate> grid = SPACE.grid(3);
        assertEquals(3 * 3 * 3, grid.size());
        assertEquals(Set.of(1, 5, 9), grid.stream().map(c -> c.get(UNITS)).collect(Collectors.toSet()));
        assertEquals(
                List.of(-1.0, 0.0, 1.0), grid.stream().limit(3).map(c -> c.get(DECAY)).toList());
        List<Double> rates = grid.stream().map(c -> c.get(RATE)).distinct().toList();
        assertEquals(1e-4, rates.get(0));
        assertEquals(1e-2, rates.get(1), 1e-15);
        assertEquals(1, rates.get(2));
        assertEquals(9, SearchSpace.of(UNITS).grid(100).size());
        StudyResult result = study(Strategy.grid(9, 1), BOWL).run();
        assertEquals(6, result.best().trial().get(UNITS));
    }

    @Test
    void parallelTrialsChangeNothing() {
        List<TrialResult> one = study(Strategy.random(30, 2), BOWL).run().trials();
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Set<Device> devices = ConcurrentHashMap.newKeySet();
        List<TrialResult> many = study(Strategy.random(30, 2), (trial, device) -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            devices.add(device);
            Score score = BOWL.evaluate(trial, device);
            running.decrementAndGet();
            return score;
        }).withParallel(3).run().trials();
        assertEquals(
                one.stream().map(r -> r.trial() + " " + r.score()).toList(),
                many.stream().map(r -> r.trial() + " " + r.score()).toList());
        assertTrue(most.get() <= 3 && devices.size() <= 3);
    }

    /** 9 candidates with budget 1, 3 with 3, 1 with 9. */
    @Test
    void halvingKeepsTheBest() {
        Study study = study(Strategy.halving(9, 1, 9), BOWL);
        StudyResult result = study.run();
        assertEquals(13, study.trials());
        assertEquals(
                List.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 9),
                result.trials().stream().map(r -> r.trial().budget()).toList());
        Set<Integer> best = result.trials().subList(0, 9).stream()
                .sorted(java.util.Comparator.comparingDouble(TrialResult::rank))
                .limit(3)
                .map(r -> r.trial().number())
                .collect(Collectors.toSet());
        assertEquals(
                best,
                result.trials().subList(9, 12).stream().map(r -> r.trial().number()).collect(Collectors.toSet()));
        assertEquals(9, result.best().trial().budget());
        assertTrue(best.contains(result.best().trial().number()));
    }

    @Test
    void anInterruptedStudyGoesOn() throws IOException {
        Path file = folder.resolve("study.jsonl");
        AtomicInteger asked = new AtomicInteger();
        Objective counted = (trial, device) -> {
            asked.incrementAndGet();
            return BOWL.evaluate(trial, device);
        };
        study(Strategy.random(5, 1), counted).withFile(file).run();
        assertEquals(5, asked.get());
        assertEquals(6, Files.readAllLines(file).size());
        StudyResult all = study(Strategy.random(12, 1), counted).withFile(file).withParallel(2).run();
        assertEquals(12, asked.get());
        assertEquals(
                study(Strategy.random(12, 1), BOWL).run().trials().stream().map(TrialResult::score).toList(),
                all.trials().stream().map(TrialResult::score).toList());
        study(Strategy.random(12, 1), counted).withFile(file).run();
        assertEquals(12, asked.get());
    }

    @Test
    void filesOfOtherStudiesAreRefused() throws IOException {
        Path file = folder.resolve("study.jsonl");
        study(Strategy.random(3, 1), BOWL).withFile(file).run();
        Study other = Study.of(SearchSpace.of(UNITS), Strategy.random(3, 1), BOWL).withFile(file);
        refuses(IllegalArgumentException.class, "of another search space", other::run);
        refuses(
                IllegalArgumentException.class,
                "has seed 1, this one has 2",
                () -> study(Strategy.random(3, 1), BOWL).withSeed(2).withFile(file).run());
        refuses(
                IllegalArgumentException.class,
                "of another strategy",
                () -> study(Strategy.grid(2, 1), BOWL).withFile(file).run());
        Files.writeString(file, "epoch,loss\n0,1\n");
        refuses(
                FormatException.class,
                "is no study file",
                () -> study(Strategy.random(3, 1), BOWL).withFile(file).run());
        Files.writeString(file, "{\"study\":2}\n");
        refuses(
                FormatException.class,
                "of version 2",
                () -> study(Strategy.random(3, 1), BOWL).withFile(file).run());
    }

    @Test
    void failuresAreKeptAndTheSearchGoesOn() {
        Path file = folder.resolve("failures.jsonl");
        Objective picky = (trial, device) -> {
            if (trial.number() == 1) {
                throw new IllegalStateException("out of memory");
            }
            return Score.of(trial.number() == 0 ? Double.NaN : trial.number());
        };
        for (int run = 0; run < 2; run++) {
            StudyResult result = study(Strategy.random(4, 1), picky).withFile(file).run();
            assertEquals(2, result.best().trial().number());
            assertEquals("out of memory", result.trials().get(1).failure().orElseThrow());
            assertTrue(Double.isNaN(result.trials().get(0).score().orElseThrow().loss()));
            assertTrue(result.table(9).contains("failed"), () -> result.table(9));
        }
        StudyResult none = study(Strategy.random(2, 1), picky).run();
        refuses(IllegalStateException.class, "no trial of the largest budget has a loss", none::best);
    }

    @Test
    void anInterruptEndsTheSearch() {
        Study study = study(Strategy.random(1000, 1), BOWL).withListener(r -> {});
        Thread.currentThread().interrupt();
        refuses(IllegalStateException.class, "interrupted", study::run);
        assertTrue(Thread.interrupted());
    }

    @Test
    void crossValidationTriesEachFold() {
        ArrayDataset data = ArrayDataset.of(NDArray.generate(TensorType.f32(10, 1), i -> i));
        Objective objective = CrossValidation.of(data, 5, 1, (trial, fold, device) -> {
            assertEquals(8, fold.training().size());
            return Score.of(fold.validation().all().column(0).toDoubles()[0]
                    + fold.validation().all().column(0).toDoubles()[1]).with("size", fold.validation().size());
        });
        Score score = study(Strategy.random(1, 1), objective).run().best().score().orElseThrow();
        assertEquals(9, score.loss(), 1e-12);
        assertEquals(2, score.figures().get("size"));
        assertTrue(score.figures().get(CrossValidation.DEVIATION) > 0);
    }

    @Test
    void tablesListTheRanking() {
        StudyResult result = study(Strategy.random(20, 3), BOWL).run();
        List<String> lines = result.table(4).lines().toList();
        assertEquals(5, lines.size());
        assertTrue(lines.getFirst().matches("rank +trial +budget +units +rate +decay +kind +loss +twice +seconds"));
        assertTrue(lines.get(1).matches(" +1 .* one .*"), lines.get(1));
    }

    @Test
    void badSpacesAreRefused() {
        Class<IllegalArgumentException> bad = IllegalArgumentException.class;
        refuses(bad, "the search space is empty", SearchSpace::of);
        refuses(bad, "two hyperparameters 'units'", () -> SearchSpace.of(UNITS, Parameter.uniform("units", 0, 1)));
        refuses(bad, "the choice 'a' has no options", () -> Parameter.choice("a"));
        refuses(bad, "two options that read 'x'", () -> Parameter.choice("a", "x", "x"));
        refuses(bad, "'n' must go from a smaller to a larger", () -> Parameter.integers("n", 3, 2));
        refuses(bad, "got NaN to 1.0", () -> Parameter.uniform("n", Double.NaN, 1));
        refuses(bad, "must be positive, it is 0.0 to 1.0", () -> Parameter.logUniform("n", 0, 1));
        refuses(bad, "needs a name", () -> Parameter.uniform(" ", 0, 1));
        refuses(bad, "more than 100,000 candidates", () -> SPACE.grid(300));
        refuses(bad, "trials must be at least 1", () -> Strategy.random(0, 1));
        refuses(bad, "largest budget", () -> Strategy.halving(9, 3, 1));
        refuses(bad, "at least 1 trial at a time", () -> study(Strategy.random(1, 1), BOWL).withParallel(0));
        refuses(bad, "no hyperparameter 'other'", () -> SPACE.draw(1, 1).get(Parameter.uniform("other", 0, 1)));
        refuses(bad, "'12' is no value of units", () -> UNITS.parse("12"));
        refuses(bad, "'x' is no value of rate", () -> RATE.parse("x"));
    }

    private static void refuses(Class<? extends RuntimeException> type, String part, Executable action) {
        String message = assertThrows(type, action).getMessage();
        assertTrue(message.contains(part), message);
    }
}
