package io.tandem.cuda.codegen;

import io.tandem.cuda.driver.KernelSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Hand-written CUDA C with places for types and constants, each a dollar sign and a name in capitals. */
final class Template {
    private Template() {}

    /**
     * Fills a template.
     *
     * @param name of the resource, without its ending
     * @param values from names of places to what is put there
     */
    static KernelSource fill(String name, Map<String, String> values) {
        String text = read(name + ".cu");
        for (Map.Entry<String, String> value : values.entrySet()) {
            text = text.replace("$" + value.getKey(), value.getValue());
        }
        int open = text.replace(Snippets.NAME, "").indexOf('$');
        if (open >= 0) {
            throw new IllegalStateException("a place of template " + name + " is not filled: " + values.keySet());
        }
        return Snippets.source(name, text);
    }

    private static String read(String resource) {
        try (InputStream in = Template.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("resource " + resource + " is missing beside " + Template.class);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read " + resource, failure);
        }
    }
}
