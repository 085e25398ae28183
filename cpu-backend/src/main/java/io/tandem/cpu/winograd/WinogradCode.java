package io.tandem.cpu.winograd;

import io.tandem.cpu.codegen.machine.NativeFunction;
import io.tandem.cpu.codegen.machine.Processor;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Machine code of transforms and products, each form made once. Safe for use by several threads. */
public final class WinogradCode {
    private final ConcurrentMap<TransformCode.Form, NativeFunction> transforms = new ConcurrentHashMap<>();
    private final ConcurrentMap<ProductCode.Form, NativeFunction> products = new ConcurrentHashMap<>();

    private WinogradCode() {}

    /** The code, if this machine runs it. */
    public static Optional<WinogradCode> find() {
        return Processor.find().avx512() ? Optional.of(new WinogradCode()) : Optional.empty();
    }

    NativeFunction transform(TransformCode.Form form) {
        return transforms.computeIfAbsent(form, key -> NativeFunction.of(TransformCode.write(key)));
    }

    NativeFunction product(ProductCode.Form form) {
        return products.computeIfAbsent(form, key -> NativeFunction.of(ProductCode.write(key)));
    }
}
