package io.tandem.cuda.codegen;

import io.tandem.cuda.driver.KernelSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Hand-written CUDA C with places for types and constants, each a dollar sign and a name in capitals. */
final class Template {
    private static final Pattern PLACE = Pattern.compile("\\$([A-Z]+)");

    private Template() {}

    /**
     * Fills a template.
     *
     * @param name of the resource, without its ending
     * @param values from names of places to what is put there
     */
    static KernelSource fill(String name, Map<String, String> values) {
        String text = PLACE.matcher(read(name + ".cu")).replaceAll(place -> {
            String value = values.get(place.group(1));
            if (value == null) {
                throw new IllegalStateException(
                        "template " + name + " has a place " + place.group() + ", given are " + values.keySet());
            }
            return Matcher.quoteReplacement(value);
        });
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
