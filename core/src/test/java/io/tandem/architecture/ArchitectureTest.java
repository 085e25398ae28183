package io.tandem.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Dependencies in core point one way. */
@AnalyzeClasses(packages = "io.tandem", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule PACKAGES_HAVE_NO_CYCLES =
            slices().matching("io.tandem.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule CORE_SEES_NO_BACKEND = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.tandem.cpu..", "io.tandem.cuda..", "jcuda..", "jdk.incubator..");

    @ArchTest
    static final ArchRule CORE_NEEDS_LITTLE = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.tandem..",
                    "java..",
                    "org.slf4j..",
                    "org.apache.commons.csv..",
                    "com.fasterxml.jackson.core..",
                    "com.google.protobuf..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule THE_GRAPH_KNOWS_NOTHING_ABOVE_IT = noClasses()
            .that()
            .resideInAPackage("io.tandem.graph..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.tandem.autodiff..",
                    "io.tandem.compile..",
                    "io.tandem.backend..",
                    "io.tandem.nn..",
                    "io.tandem.optim..",
                    "io.tandem.train..",
                    "io.tandem.data..",
                    "io.tandem.io..");
}
