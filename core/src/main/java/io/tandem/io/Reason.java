package io.tandem.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Why a file cannot be read or written, in words: the messages of many exceptions are no more than a path. */
final class Reason {
    private Reason() {}

    static String of(IOException failure) {
        return switch (failure) {
            case AccessDeniedException e -> "there is no permission for " + e.getFile();
            case NoSuchFileException e -> "there is no " + e.getFile();
            case FileAlreadyExistsException e -> e.getFile() + " is no folder";
            case FileSystemException e when e.getReason() == null -> e.toString();
            case IOException e -> e.getMessage() == null ? e.toString() : e.getMessage();
        };
    }
}
