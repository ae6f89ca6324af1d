// Runs a program against the scripted provider instead of the real ones:
//
//     with_scripted_provider ./quickstart
//
// The program finds it by CONCLAVE_BASE_URL, and gets no key to send anywhere else. This program
// ends with the status of that one.

#include <conclave/testing/demo_panel.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main(int count, char** arguments) {
    if (count < 2) {
        std::fprintf(stderr, "usage: %s program [arguments]\n", arguments[0]);
        return 2;
    }
    conclave::testing::scripted_provider provider;
    conclave::testing::install_demo_panel(provider, 20);
    provider.on("openai/text-embedding-3-small", conclave::testing::embeddings());
    setenv("CONCLAVE_BASE_URL", provider.base_url().c_str(), 1);
    unsetenv("CONCLAVE_HOSTED_ROUNDTABLE");
    unsetenv("OPPER_API_KEY");
    unsetenv("OPENAI_API_KEY");

    const pid_t child = fork();
    if (child == 0) {
        execvp(arguments[1], arguments + 1);
        std::perror(arguments[1]);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        std::perror("with_scripted_provider");
        return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
