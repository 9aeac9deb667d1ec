package io.berth;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the code against the package table of ARCHITECTURE.md. */
class ArchitectureTest {
    private static final Pattern ROW = Pattern.compile("\\| `([a-z.]+)` \\| ([^|]+) \\| ([^|]*)\\|");
    private static final Pattern NAME = Pattern.compile("`([a-z.]+)`");
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private final JavaClasses classes = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.berth");

    /** Package → packages that it may use. */
    private static Map<String, List<String>> table() throws IOException {
        Map<String, List<String>> table = new LinkedHashMap<>();
        for (String line : Files.readAllLines(ROOT.resolve("ARCHITECTURE.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                List<String> allowed = new ArrayList<>();
                NAME.matcher(row.group(3)).results().forEach(name -> allowed.add(name.group(1)));
                table.put(row.group(1), allowed);
            }
        }
        return table;
    }

    @Test
    void packages_inTheTable_useOnlyWhatItAllows() throws IOException {
        Map<String, List<String>> table = table();
        assertTrue(table.size() >= 10, "the table has rows");
        table.forEach((name, allowed) -> {
            String[] open = allowed.stream().map(other -> "io.berth." + other).toArray(String[]::new);
            noClasses().that().resideInAPackage("io.berth." + name)
                    .should().dependOnClassesThat(resideInAPackage("io.berth..").and(not(resideInAnyPackage(open)))
                            .and(not(resideInAPackage("io.berth." + name))))
                    .check(classes);
        });
    }

    @Test
    void packages_ofTheHelper_areAllInTheTable() throws IOException {
        Set<String> found = new TreeSet<>();
        classes.stream().filter(c -> c.getSource().isPresent() && c.getSource().get().getUri().toString().contains("/helper/"))
                .forEach(c -> found.add(c.getPackageName().substring("io.berth.".length())));
        assertEquals(new TreeSet<>(table().keySet()), found);
    }

    @Test
    void nativeCalls_areOnlyInKernelLinux() {
        noClasses().that().resideInAPackage("io.berth..").and().resideOutsideOfPackages("io.berth.kernel.linux", "io.berth.transport..")
                .should().dependOnClassesThat().resideInAnyPackage("com.kenai.jffi..", "jnr.ffi..", "jnr.posix..").check(classes);
    }
}
