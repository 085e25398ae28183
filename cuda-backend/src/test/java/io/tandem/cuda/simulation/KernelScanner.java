package io.tandem.cuda.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads CUDA C++ source: which kernels it has, which of them need fibers, and how it reads as C++ for the host. */
final class KernelScanner {

    private static final Pattern COMMENT = Pattern.compile("//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_]\\w*");
    private static final Pattern WAITS =
            Pattern.compile("__syncthreads\\w*|__syncwarp|__shfl\\w*|__\\w+_sync|__activemask");
    private static final Pattern DECORATION = Pattern.compile(
            "(__launch_bounds__|__align__|__attribute__|alignas)\\s*\\((?:[^()]|\\([^()]*\\))*\\)|__restrict__");
    private static final Pattern DEFINE =
            Pattern.compile("^[ \t]*#[ \t]*define[ \t]+(\\w+)((?:[^\n\\\\]|\\\\.|\\\\\n)*)", Pattern.MULTILINE);
    private static final Pattern DIRECTIVE =
            Pattern.compile("^[ \t]*#(?:[^\n\\\\]|\\\\.|\\\\\n)*", Pattern.MULTILINE);
    private static final Pattern INCLUDE =
            Pattern.compile("^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]+)[>\"][^\n]*", Pattern.MULTILINE);
    private static final Pattern EXTERN_C = Pattern.compile("extern\\s+\"C\"\\s*(?!\\s*\\{)");
    private static final Pattern DYNAMIC_SHARED = Pattern.compile(
            "extern\\s+__shared__\\s+([\\w\\s:]*?(?:__align__\\s*\\(\\s*\\d+\\s*\\)\\s*)?[\\w\\s:]*?)\\s*(\\w+)\\s*"
                    + "\\[\\s*]\\s*;");
    private static final Pattern ALIGN = Pattern.compile("__align__\\s*\\(\\s*\\d+\\s*\\)");

    private final String text;
    private final String code;
    private final Map<String, Set<String>> mentions = new HashMap<>();
    private final Set<String> kernels = new LinkedHashSet<>();
    private final Set<String> waiting = new HashSet<>();

    KernelScanner(String text) {
        this.text = text;
        code = COMMENT.matcher(text).replaceAll(KernelScanner::blank);
        macros().forEach(this::note);
        definitions(DIRECTIVE.matcher(code).replaceAll(KernelScanner::blank));
        spread();
    }

    // keeps the line breaks, so that the compiler's messages name the right lines
    private static String blank(MatchResult match) {
        return " " + "\n".repeat((int) match.group().chars().filter(c -> c == '\n').count());
    }

    private Map<String, String> macros() {
        Map<String, String> macros = new HashMap<>();
        Matcher matcher = DEFINE.matcher(code);
        while (matcher.find()) {
            macros.merge(matcher.group(1), matcher.group(2), (a, b) -> a + " " + b);
        }
        return macros;
    }

    private void note(String name, String body) {
        Set<String> identifiers = mentions.computeIfAbsent(name, n -> new HashSet<>());
        Matcher matcher = IDENTIFIER.matcher(body);
        while (matcher.find()) {
            identifiers.add(matcher.group());
        }
        if (identifiers.stream().anyMatch(i -> WAITS.matcher(i).matches())) {
            waiting.add(name);
        }
    }

    /** Finds definitions at the outermost level: functions by their names, structures by theirs. */
    private void definitions(String plain) {
        int depth = 0;
        int head = 0;
        int body = 0;
        for (int i = 0; i < plain.length(); i++) {
            char c = plain.charAt(i);
            if (c == '{') {
                if (depth == 0 && opensNamespace(plain.substring(head, i))) {
                    head = i + 1;
                    continue;
                }
                if (depth++ == 0) {
                    body = i;
                }
            } else if (c == '}' && depth > 0) {
                if (--depth == 0) {
                    define(plain.substring(head, body), plain.substring(body, i));
                    head = i + 1;
                }
            } else if ((c == ';' || c == '}') && depth == 0) {
                head = i + 1;
            }
        }
    }

    private static boolean opensNamespace(String header) {
        return header.strip().matches("(?s)(inline\\s+)?namespace(\\s+\\w+)?");
    }

    private void define(String header, String body) {
        String plain = DECORATION.matcher(header).replaceAll(" ");
        int parenthesis = plain.indexOf('(');
        String before = parenthesis < 0 ? plain : plain.substring(0, parenthesis);
        String name = null;
        Matcher matcher = IDENTIFIER.matcher(before);
        while (matcher.find()) {
            name = matcher.group();
        }
        if (name == null) {
            return;
        }
        if (before.contains("__global__")) {
            kernels.add(name);
        }
        note(name, body);
    }

    private void spread() {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Map.Entry<String, Set<String>> entry : mentions.entrySet()) {
                if (!waiting.contains(entry.getKey())
                        && entry.getValue().stream().anyMatch(waiting::contains)) {
                    changed = waiting.add(entry.getKey());
                }
            }
        }
    }

    /** Names of the kernels, in order. */
    List<String> kernels() {
        return List.copyOf(kernels);
    }

    /** Whether threads of a kernel wait for each other. */
    boolean needsFibers(String kernel) {
        return waiting.contains(kernel);
    }

    /** Whether the source declares static shared memory. */
    boolean hasStaticShared() {
        Matcher matcher = Pattern.compile("(extern\\s+)?__shared__").matcher(code);
        while (matcher.find()) {
            if (matcher.group(1) == null) {
                return true;
            }
        }
        return false;
    }

    /** Names that the source defines for its preprocessor. */
    Set<String> macroNames() {
        return macros().keySet();
    }

    /** Headers that the source includes, other than CUDA's. */
    List<String> headers() {
        List<String> headers = new ArrayList<>();
        Matcher matcher = INCLUDE.matcher(code);
        while (matcher.find()) {
            if (!matcher.group(1).startsWith("cuda")) {
                headers.add(matcher.group(1));
            }
        }
        return headers;
    }

    /** The source as C++ for the host: to be put into a namespace behind {@code device.h}. */
    String hostSource() {
        String host = INCLUDE.matcher(text).replaceAll("");
        host = EXTERN_C.matcher(host).replaceAll("");
        return DYNAMIC_SHARED.matcher(host).replaceAll(match -> {
            String type = ALIGN.matcher(match.group(1)).replaceAll("").strip();
            return Matcher.quoteReplacement(
                    type + "* " + match.group(2) + " = (" + type + "*) sim::dynamic_shared();");
        });
    }
}
