package io.tandem.nn;

import io.tandem.graph.GraphException;
import java.lang.reflect.RecordComponent;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The paths of parameters and layers in a model: component names of records and indices of lists, joined by dots. A
 * parameter that stands at several places is known by the first; the others are aliases.
 */
final class ParamPaths {
    private final Map<Param, String> params = new IdentityHashMap<>();
    private final Map<Object, String> layers = new IdentityHashMap<>();
    private final Map<String, String> aliases = new LinkedHashMap<>();

    static ParamPaths of(Object model) {
        ParamPaths paths = new ParamPaths();
        paths.walk("", model);
        return paths;
    }

    Optional<String> path(Param param) {
        return Optional.ofNullable(params.get(param));
    }

    Optional<String> path(Object layer) {
        return Optional.ofNullable(layers.get(layer));
    }

    /** The layer at a path; a container, not its list. */
    Optional<Object> layer(String path) {
        return layers.entrySet().stream()
                .filter(e -> e.getValue().equals(path) && !(e.getKey() instanceof List))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    Optional<Param> param(String path) {
        return params.entrySet().stream()
                .filter(e -> e.getValue().equals(path))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** From the further paths of shared parameters to their first one. */
    Map<String, String> aliases() {
        return aliases;
    }

    private void walk(String path, Object part) {
        switch (part) {
            case null -> throw new GraphException("'" + path + "' is null; use Optional for what may be missing");
            case Param param -> {
                String first = params.putIfAbsent(param, path);
                if (first != null) {
                    aliases.put(path, first);
                }
            }
            case Optional<?> optional -> optional.ifPresent(o -> walk(path, o));
            case List<?> list -> {
                layers.putIfAbsent(list, path);
                for (int i = 0; i < list.size(); i++) {
                    walk(join(path, Integer.toString(i)), list.get(i));
                }
            }
            case Record record -> {
                layers.putIfAbsent(record, path);
                // A container of one list does not show in paths: "0.weight", not "layers.0.weight".
                RecordComponent[] components = record.getClass().getRecordComponents();
                for (RecordComponent component : components) {
                    boolean transparent = record instanceof Sequential && components.length == 1;
                    walk(transparent ? path : join(path, component.getName()), value(record, component));
                }
            }
            default -> layers.putIfAbsent(part, path);
        }
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private static Object value(Record record, RecordComponent component) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException | java.lang.reflect.InaccessibleObjectException e) {
            Class<?> type = record.getClass();
            GraphException exception = new GraphException("cannot read the record " + type.getName()
                    + "; a module must say 'opens " + type.getPackageName() + ";' in its module-info");
            exception.initCause(e);
            throw exception;
        }
    }
}
