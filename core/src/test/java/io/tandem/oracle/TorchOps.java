package io.tandem.oracle;

import io.tandem.graph.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The libtorch operators, in terms of Tandem. */
final class TorchOps {
    private static final List<Function<TorchCall, Optional<Object>>> GROUPS = List.of(
            TorchElementwise::apply,
            TorchBinary::apply,
            TorchReductions::apply,
            TorchShapes::apply,
            TorchProducts::apply,
            TorchLayers::apply,
            TorchRecurrent::apply,
            TorchLosses::apply);

    private TorchOps() {}

    static Object apply(TorchCall call) {
        String name = call.function();
        boolean inPlace = name.endsWith("_") && !name.startsWith("_");
        String plainName = inPlace ? name.substring(0, name.length() - 1) : name;
        TorchCall plain = call.renamed(plainName.startsWith("special_") ? plainName.substring(8) : plainName);
        Object result = GROUPS.stream()
                .map(g -> g.apply(plain))
                .flatMap(Optional::stream)
                .findFirst()
                .orElseThrow(() -> new NotCovered("operator " + name));
        if (inPlace && result instanceof Tensor tensor) {
            call.ref(0, "self").orElseThrow().set(tensor);
        }
        return result;
    }
}
