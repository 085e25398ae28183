package io.tandem.autodiff;

import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Records and lists of tensors, nested: their leaves in order, and the same structure around other leaves. */
final class TensorTree {
    private TensorTree() {}

    static List<Tensor> leaves(Object tree) {
        List<Tensor> leaves = new ArrayList<>();
        collect(tree, leaves);
        return leaves;
    }

    @SuppressWarnings("unchecked") // the same structure has the same type
    static <P> P rebuild(P tree, List<Tensor> leaves) {
        return (P) rebuild(tree, leaves.iterator());
    }

    private static void collect(Object tree, List<Tensor> leaves) {
        switch (tree) {
            case Tensor tensor -> leaves.add(tensor);
            case List<?> list -> list.forEach(element -> collect(element, leaves));
            case Record record -> {
                for (RecordComponent component : record.getClass().getRecordComponents()) {
                    collect(value(record, component), leaves);
                }
            }
            case null, default ->
                throw new GraphException("a gradient's argument is made of tensors, lists and records, not of "
                        + (tree == null ? "null" : tree.getClass().getName()));
        }
    }

    private static Object rebuild(Object tree, Iterator<Tensor> leaves) {
        return switch (tree) {
            case Tensor tensor -> leaves.next();
            case List<?> list -> {
                List<Object> copy = new ArrayList<>();
                list.forEach(element -> copy.add(rebuild(element, leaves)));
                yield List.copyOf(copy);
            }
            case Record record -> {
                RecordComponent[] components = record.getClass().getRecordComponents();
                Class<?>[] types = new Class<?>[components.length];
                Object[] values = new Object[components.length];
                for (int i = 0; i < components.length; i++) {
                    types[i] = components[i].getType();
                    values[i] = rebuild(value(record, components[i]), leaves);
                }
                yield make(record.getClass(), types, values);
            }
            default -> throw new GraphException("not a tree of tensors: " + tree.getClass().getName());
        };
    }

    private static Object value(Record record, RecordComponent component) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException | java.lang.reflect.InaccessibleObjectException e) {
            throw closed(record.getClass(), e);
        }
    }

    private static Object make(Class<?> type, Class<?>[] types, Object[] values) {
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException | java.lang.reflect.InaccessibleObjectException e) {
            throw closed(type, e);
        }
    }

    private static GraphException closed(Class<?> type, Exception cause) {
        GraphException exception =
                new GraphException("cannot read the record " + type.getName() + "; a module must say 'opens "
                        + type.getPackageName() + ";' in its module-info");
        exception.initCause(cause);
        return exception;
    }
}
