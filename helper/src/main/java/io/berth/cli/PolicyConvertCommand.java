package io.berth.cli;

import io.berth.api.RuleText;
import io.berth.policy.apparmor.ParsedPolicy;
import io.berth.policy.apparmor.PolicyConversion;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(name = "convert", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Write a policy in another form, to standard output. What the other form cannot say is left out, and standard"
            + " error tells it rule by rule; nothing is allowed that was not, without being told.",
            "flatpak: the bus sections of a metadata file, options of flatpak or of xdg-dbus-proxy. apparmor: dbus rules, today's or"
                + " those of 2011; written are today's. rules: options of berth run."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"0:all of it was written", "1:something was left out, or the file is not well formed", "2:the command line is wrong"})
final class PolicyConvertCommand implements Callable<Integer> {
    enum Source { flatpak, apparmor }

    enum Target { apparmor, rules }

    @ParentCommand
    private PolicyCommand policy;

    @Mixin
    private PolicyFile file;

    @Option(names = "--from", required = true, paramLabel = "FORM", description = "flatpak or apparmor.")
    private Source from;

    @Option(names = "--to", required = true, paramLabel = "FORM", description = "apparmor or rules.")
    private Target to;

    @Override
    public Integer call() {
        return file.read(policy.console(), text -> from == Source.apparmor ? convertApparmor(text) : convertFlatpak(text));
    }

    private int convertApparmor(String text) {
        ParsedPolicy parsed = file.parse(text);
        return print(to == Target.rules ? PolicyConversion.toAccessRules(parsed) : PolicyConversion.toApparmor(parsed), List.of());
    }

    private int convertFlatpak(String text) {
        PolicyFlatpakParser flatpak;
        try {
            flatpak = new PolicyFlatpakParser().parse(text);
        } catch (IllegalArgumentException malformed) {
            policy.console().error(file.name() + ": " + malformed.getMessage());
            return ExitStatus.FAILURE;
        }
        if (to == Target.apparmor) {
            return print(PolicyConversion.toApparmor(flatpak.rules()), flatpak.losses());
        }
        flatpak.rules().forEach((bus, rules) -> rules.forEach(rule -> policy.console().line(
                (bus.equals("system") ? "--system-" : "--") + RuleText.print(rule).substring(2))));
        return tell(flatpak.losses());
    }

    private int print(PolicyConversion conversion, List<String> before) {
        conversion.lines().forEach(policy.console()::line);
        conversion.notes().forEach(note -> policy.console().error("note: " + note));
        List<String> losses = new ArrayList<>(before);
        losses.addAll(conversion.losses());
        return tell(losses);
    }

    private int tell(List<String> losses) {
        losses.forEach(policy.console()::error);
        return losses.isEmpty() ? ExitStatus.OK : ExitStatus.FAILURE;
    }
}
